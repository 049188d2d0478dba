// Runs one of our TypeScript programs on the checkout's Node 24, after an install and a build where those are due.
import { spawn } from "node:child_process";
import { build, buildDue, buildEnvironment } from "./build.mjs";
import { LaunchFault } from "./fault.mjs";
import { install, installDue } from "./install.mjs";
import { places, root } from "./places.mjs";

/** @param {string} program path in the checkout @param {string[]} args @returns {Promise<number>} its exit code */
export async function runOnNode24(program, args) {
  try {
    const lockHash = installDue();
    if (lockHash !== null) await install(lockHash);
    const state = buildDue();
    if (state !== null) await build(state);
  } catch (error) {
    if (!(error instanceof LaunchFault)) throw error;
    process.stderr.write(`${error.message}\n${error.details}\n`);
    return 1;
  }
  const child = spawn(places.node, [program, ...args], { cwd: root, stdio: "inherit", env: buildEnvironment() });
  // The terminal's Ctrl-C reaches the program itself; this one stays to pass its exit code on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

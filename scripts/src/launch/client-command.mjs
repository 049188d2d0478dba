// Starts the commands that ask a hub over its public API, each as a program of its own: they run on Node 24, and a certificate authority is known to
// Node from its start.
import { spawn } from "node:child_process";
import path from "node:path";
import { places, root } from "./places.mjs";

export const clientCommands = ["forward", "run"];

/** @param {string} command one of clientCommands @param {string[]} args @returns {Promise<number>} its exit code */
export function clientCommand(command, args) {
  const at = args.indexOf("--ca");
  const ca = at < 0 ? undefined : args[at + 1];
  const child = spawn(places.node, [path.join(root, `scripts/src/commands/${command}.ts`), ...args], {
    stdio: "inherit",
    env: { ...process.env, ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca }) },
  });
  // The terminal's Ctrl-C reaches the program itself; this one stays to pass its exit code on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

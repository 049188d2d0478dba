// Runs a program to its end without showing its output, unless it fails: then its last lines are in the fault.
import { spawn } from "node:child_process";
import { LaunchFault } from "./fault.mjs";

/** Enough for the part of a build's output that names the error. */
const keptBytes = 8_192;

/**
 * @param {string} command @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, fault: string }} options  `fault`: the sentence when it fails
 * @returns {Promise<void>}
 */
export function runQuietly(command, args, { cwd, env = process.env, signal, fault }) {
  return new Promise((resolve, reject) => {
    let tail = "";
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      tail = (tail + chunk.toString()).slice(-keptBytes);
    };
    // Its own group, so that Ctrl-C reaches the launcher alone and a stop takes the program's children along.
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const stop = () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    };
    signal?.addEventListener("abort", stop, { once: true });
    child.once("error", (error) => reject(new LaunchFault(`${fault} (${command} does not run: ${error.message})`)));
    child.once("close", (code) => {
      signal?.removeEventListener("abort", stop);
      if (code === 0) resolve();
      else reject(new LaunchFault(fault, tail.trimEnd()));
    });
  });
}

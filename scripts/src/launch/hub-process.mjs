// The hub as a child: its progress arrives over IPC, its log is held back until it is ready or has failed without a sentence.
import { spawn } from "node:child_process";
import { LaunchFault } from "./fault.mjs";
import { places, root } from "./places.mjs";

/** The hub ends its database within 10 s; past that the disk hangs. */
const stopDeadlineMs = 12_000;
const heldLogBytesMax = 64 * 1024;

/**
 * @typedef {{ url: string, agentPort: number, setupLink: string | null, dataDir: string, publicUrls: string[] }} Ready
 * @typedef {{ event: "step", id: string, title: string, state: "start" | "done", ms?: number }} StepMessage
 * @typedef {StepMessage | ({ event: "ready" } & Ready) | { event: "failed", message: string }} HubMessage
 * @typedef {{ pid: number, ready: Promise<Ready>, exited: Promise<string>, showLog(): void, stop(): Promise<void>, kill(): void }} Hub
 *   `exited` resolves to how it ended, in words
 */

/** @param {string[]} args @param {(step: StepMessage) => void} onStep @returns {Hub} */
export function startHub(args, onStep) {
  // A group of its own: Ctrl-C on the terminal reaches the launcher alone, so that one place decides.
  const child = spawn(places.node, [places.hub, ...args], { stdio: ["ignore", "inherit", "pipe", "ipc"], detached: true });
  let held = "";
  let shown = false;
  child.stderr?.on("data", (/** @type {Buffer} */ chunk) => {
    if (shown) process.stderr.write(chunk);
    else held = (held + chunk.toString()).slice(-heldLogBytesMax);
  });

  /** @type {Promise<string>} */
  const exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(`it does not run: ${error.message}`));
    child.once("close", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  /** @type {Promise<Ready>} */
  const ready = new Promise((resolve, reject) => {
    child.on("message", (/** @type {HubMessage} */ message) => {
      if (message.event === "step") onStep(message);
      else if (message.event === "ready") resolve(message);
      else reject(new LaunchFault(message.message));
    });
    void exited.then((how) =>
      reject(
        new LaunchFault(
          `The hub ended before it was ready (${how}). Its log follows; if it does not help, delete ${root}/.cache and start again.`,
          held.trimEnd(),
        ),
      ),
    );
  });
  ready.catch(() => {}); // an interrupted start stops waiting for it

  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
  };
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    showLog() {
      shown = true;
      process.stderr.write(held);
      held = "";
    },
    async stop() {
      child.kill("SIGTERM");
      const force = setTimeout(kill, stopDeadlineMs);
      await exited;
      clearTimeout(force);
    },
    kill,
  };
}

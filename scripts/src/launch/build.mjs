// Builds what changed. Whether anything changed is told by file times alone, so that a warm start does not pay for a build tool.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { places, root } from "./places.mjs";
import { runQuietly } from "./run-quietly.mjs";

const stampFile = path.join(root, ".cache/build-stamp");
const sources = ["protocol", "agent", "hub", "web", "tsconfig.json", "turbo.json", "package-lock.json"];
const outputs = ["protocol/src/gen/wire.js", "agent/dist/agent.cjs", "hub/dist/main.js", "web/out/index.html"];
/** Written by the builds themselves. */
const made = new Set(["node_modules", "dist", "out", "gen", ".next", ".turbo", "next-env.d.ts"]);

/** @typedef {{ newestMs: number, files: number }} SourceState  the count notices deletions */

/** @param {string} folder @param {string[]} names @returns {SourceState} */
export function readSourceState(folder = root, names = sources) {
  const state = { newestMs: 0, files: 0 };
  /** @param {string} entry */
  const visit = (entry) => {
    const stat = statSync(entry, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(entry)) if (!made.has(name) && !name.endsWith(".tsbuildinfo")) visit(path.join(entry, name));
      return;
    }
    state.files += 1;
    state.newestMs = Math.max(state.newestMs, stat.mtimeMs);
  };
  for (const name of names) visit(path.join(folder, name));
  return state;
}

/** The state to stamp after a build when one is due, otherwise null. @returns {SourceState | null} */
export function buildDue() {
  const state = readSourceState();
  const complete = outputs.every((file) => existsSync(path.join(root, file)));
  return complete && existsSync(stampFile) && readFileSync(stampFile, "utf8") === JSON.stringify(state) ? null : state;
}

/**
 * @param {SourceState} state as it was before the build: a file saved meanwhile makes the next start build again
 * @param {AbortSignal} [signal]
 */
export async function build(state, signal) {
  const fault = "The build failed; the build's last lines follow. Nothing was started.";
  await runQuietly(path.join(places.binaries, "turbo"), ["run", "build", "--output-logs=errors-only"], {
    cwd: root,
    env: buildEnvironment(),
    fault,
    ...(signal && { signal }),
  });
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(state));
}

/** Node 24 of the checkout first in PATH; the build tools report to nobody. */
export const buildEnvironment = () => ({
  ...process.env,
  PATH: `${places.binaries}:${process.env.PATH ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
});

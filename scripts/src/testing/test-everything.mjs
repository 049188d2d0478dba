// The order of `npm test`: bring what is needed, build, check the code, then each workspace's tests, then the whole system's.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build, buildDue, buildEnvironment } from "../launch/build.mjs";
import { LaunchFault } from "../launch/fault.mjs";
import { install, installDue } from "../launch/install.mjs";
import { places, root } from "../launch/places.mjs";
import { inWords } from "../launch/steps.mjs";
import { countReport, sum } from "./count.mjs";
import { bringPrograms } from "./debian-packages.mjs";

const tool = (/** @type {string} */ name) => path.join(places.binaries, name);

/** @type {[name: string, command: string, args: string[]][]} */
const checks = [
  ["typecheck", tool("turbo"), ["run", "typecheck", "--output-logs=errors-only", "--continue"]],
  ["lint", tool("biome"), ["check", "."]],
  ["import law", places.node, ["scripts/src/import-law.ts"]],
];
/** @type {[name: string, folder: string, options: string[]][]} */
const suites = [
  ["protocol", "protocol", []],
  ["agent", "agent", []],
  ["hub", "hub", []],
  ["web", "web", []],
  ["scripts", "scripts", []],
  ["e2e", "scripts", ["--config", "e2e.config.ts"]],
  ["faults", "scripts", ["--config", "faults.config.ts"]],
];
/**
 * What runs at the same time, lane by lane: each mostly waits for a database, for processes to start, to end and to come back, so that together they take little
 * longer than the longest.
 *
 * @type {string[][][]}
 */
const stages = [
  [["agent"]], // looks at heartbeats and deadlines of its own, which others beside it would stretch
  [["hub"], ["protocol", "web", "scripts"]],
  [["e2e"], ["faults"]],
];

/** @param {string[]} only names of suites, or "checks"; empty means all @returns {Promise<number>} exit code */
export async function testEverything(only) {
  const known = ["checks", ...suites.map(([name]) => name)];
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no suite "${unknown}". Choose from ${known.join(", ")}, or name none to run all.\n`);
    return 2;
  }
  const wanted = (/** @type {string} */ name) => only.length === 0 || only.includes(name);
  const from = performance.now();
  const failedBuild = await prepare(suites.some(([name]) => wanted(name)));
  /** @type {import("./count.mjs").Count[]} */
  const counts = failedBuild === null ? [] : [{ passed: 0, failed: 1, skipped: 0, failures: [failedBuild], skips: [] }];

  if (wanted("checks")) for (const [name, command, args] of checks) counts.push(await runCheck(name, command, args));
  const reports = mkdtempSync(path.join(os.tmpdir(), "sallyport-test-"));
  try {
    for (const stage of stages) {
      const lanes = stage
        .map((names) => suites.filter(([name]) => wanted(name) && names.includes(name)))
        .filter((lane) => lane.length > 0);
      // What the first lane prints is shown as it comes, what another does when a suite of it is over.
      const all = await Promise.all(
        lanes.map(async (lane, n) => {
          const done = [];
          for (const suite of lane) done.push(await runSuite(suite, reports, { later: n > 0 }));
          return done;
        }),
      );
      counts.push(...all.flat());
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }

  const total = sum(counts);
  for (const name of total.skips) process.stdout.write(`skipped  ${name}\n`);
  for (const name of total.failures) process.stdout.write(`FAILED   ${name}\n`);
  process.stdout.write(
    `Took ${inWords(performance.now() - from)}.\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`,
  );
  return total.failed === 0 ? 0 : 1;
}

/** Null, or what could not be prepared: the tests then still say what they can. @param {boolean} programsNeeded */
async function prepare(programsNeeded) {
  try {
    const lockHash = installDue();
    if (lockHash !== null) {
      heading("install");
      await install(lockHash);
    }
    if (programsNeeded) bringPrograms();
    const state = buildDue();
    if (state !== null) {
      heading("build");
      await build(state);
    }
    return null;
  } catch (error) {
    if (!(error instanceof LaunchFault)) throw error;
    process.stdout.write(`${error.message}\n${error.details}\n`);
    return error.message;
  }
}

/** @param {string} name @param {string} command @param {string[]} args */
async function runCheck(name, command, args) {
  heading(name);
  const ok = (await run(command, args, root)) === 0;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: ok ? [] : [name], skips: [] };
}

/** @param {[name: string, folder: string, options: string[]]} suite @param {string} reports folder for its report @param {{ later?: boolean }} shown */
async function runSuite([name, folder, options], reports, { later = false } = {}) {
  if (!later) heading(name);
  const report = path.join(reports, `${name}.json`);
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const args = [
    vitest,
    "run",
    ...options,
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const exitCode = await run(places.node, args, path.join(root, folder), later ? name : null);
  return countReport(name, report, exitCode);
}

/** @param {string} title */
const heading = (title) => process.stdout.write(`\n== ${title}\n`);

/** A run that was told to stop ends its present suite and begins no other. */
const stop = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => stop.abort());

/**
 * @param {string} command @param {string[]} args @param {string} cwd
 * @param {string | null} title what it prints is shown under it when it is over; null: as it comes
 * @returns {Promise<number>}
 */
function run(command, args, cwd, title = null) {
  if (stop.signal.aborted) return Promise.resolve(130);
  const printing = title === null ? "inherit" : "pipe";
  const child = spawn(command, args, { cwd, stdio: ["ignore", printing, printing], env: buildEnvironment() });
  /** @type {Buffer[]} */
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (/** @type {Buffer} */ data) => printed.push(data));
  const forward = () => child.kill("SIGTERM");
  stop.signal.addEventListener("abort", forward);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stdout.write(`${command} does not run: ${error.message}\n`);
      resolve(127);
    });
    child.once("close", (code) => {
      stop.signal.removeEventListener("abort", forward);
      if (title !== null) {
        heading(title);
        process.stdout.write(Buffer.concat(printed));
      }
      resolve(code ?? 1);
    });
  });
}

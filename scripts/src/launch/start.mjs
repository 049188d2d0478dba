// The launcher: install, build, hub, this machine's agent; then it waits, and ends all of them when asked or when the hub dies.
import { spawnSync } from "node:child_process";
import { build, buildDue } from "./build.mjs";
import { LaunchFault } from "./fault.mjs";
import { startHub } from "./hub-process.mjs";
import { install, installDue } from "./install.mjs";
import { aborted, listenForInterruption } from "./interruption.mjs";
import { endLeftOverDatabase } from "./left-over-database.mjs";
import { enrolLocalAgent, followHubAddress, isEnrolled, runLocalAgent, waitOnline } from "./local-agent.mjs";
import { readLauncherOptions } from "./options.mjs";
import { places } from "./places.mjs";
import { createSteps } from "./steps.mjs";

/**
 * @typedef {import("./steps.mjs").Steps} Steps
 * @typedef {{ hub: import("./hub-process.mjs").Hub | null, agent: import("./local-agent.mjs").LocalAgent | null, dataDir: string | null }} Running
 */

/** @param {string[]} args @returns {Promise<number>} the exit code: 0 when stopped by a person, 1 when something failed */
export async function start(args) {
  const options = readLauncherOptions(args);
  const steps = createSteps(process.stdout);
  const interruption = listenForInterruption();
  /** @type {Running} */
  const running = { hub: null, agent: null, dataDir: null };
  try {
    if (options.build) await prepare(steps, interruption.asked);
    if (options.help) return showHelp();
    const hub = startHub(options.hubArgs, (step) =>
      step.state === "start" ? steps.start(step.id, step.title) : steps.done(step.id, step.ms),
    );
    running.hub = hub;
    const ready = await Promise.race([hub.ready, aborted(interruption.asked)]);
    if (!ready) return 0;
    running.dataDir = ready.dataDir;
    if (options.localAgent) await startAgent(running, ready, steps, interruption.asked);
    if (interruption.asked.aborted) return 0;
    print(ready);
    hub.showLog();
    const died = await Promise.race([hub.exited, aborted(interruption.asked)]);
    if (died === undefined) return 0;
    throw new LaunchFault(
      `The hub ended by itself (${died}). The agent of this machine is stopped too; start again with npm start.`,
    );
  } catch (error) {
    if (interruption.asked.aborted) return 0;
    steps.abandon();
    if (!(error instanceof LaunchFault)) throw error;
    process.stderr.write(`${error.message}\n${error.details === "" ? "" : `\n${error.details}\n`}`);
    return 1;
  } finally {
    steps.abandon();
    await end(running, interruption.insisted);
    interruption.forget();
  }
}

/** @param {Steps} steps @param {AbortSignal} signal */
async function prepare(steps, signal) {
  const lockHash = installDue();
  if (lockHash !== null) {
    steps.start("install", "Install packages", true);
    await install(lockHash, signal);
    steps.done("install");
  }
  const state = buildDue();
  if (state !== null) {
    steps.start("build", "Build agent, hub and console", true);
    await build(state, signal);
    steps.done("build");
  }
}

/** @param {Running} running @param {import("./hub-process.mjs").Ready} ready @param {Steps} steps @param {AbortSignal} signal */
async function startAgent(running, ready, steps, signal) {
  if (isEnrolled(ready)) followHubAddress(ready);
  else {
    steps.start("enrol", "Enrol this machine's agent");
    await enrolLocalAgent(ready);
    steps.done("enrol");
  }
  steps.start("agent", "This machine's agent is online");
  running.agent = runLocalAgent(ready.dataDir);
  if (await waitOnline(ready.dataDir, signal)) steps.done("agent");
  else {
    steps.abandon();
    if (!signal.aborted)
      process.stdout.write(`This machine's agent is not online yet; it keeps trying. Its log is ${running.agent.logFile}.\n`);
  }
}

/** @param {import("./hub-process.mjs").Ready} ready */
function print({ url, setupLink, dataDir, publicUrls }) {
  const lines = [["Console", url]];
  for (const other of publicUrls.filter((address) => address !== url).slice(0, 3)) lines.push(["From elsewhere", other]);
  if (setupLink !== null) lines.push(["Set up the first administrator", `${setupLink}  (works once)`]);
  lines.push(["Data folder", dataDir]);
  const width = Math.max(...lines.map(([label = ""]) => label.length));
  process.stdout.write(
    `\n${lines.map(([label = "", value]) => `  ${label.padEnd(width)}  ${value}`).join("\n")}\n\n  Ctrl-C stops everything.\n\n`,
  );
}

function showHelp() {
  process.stdout.write(
    "npm start -- [options]   starts the hub and, unless --no-agent or SALLYPORT_LOCAL_AGENT=0, an agent for this machine\n\n",
  );
  return spawnSync(places.node, [places.hub, "--help"], { stdio: "inherit" }).status ?? 1;
}

/** @param {Running} running @param {AbortSignal} insisted */
async function end({ hub, agent, dataDir }, insisted) {
  const force = () => {
    agent?.kill();
    hub?.kill();
  };
  insisted.addEventListener("abort", force, { once: true });
  if (insisted.aborted) force();
  await Promise.all([agent?.stop(), hub?.stop()]);
  // Only a hub that had the folder and was killed leaves its database running.
  if (dataDir !== null && (await hub?.exited) !== "exit code 0") endLeftOverDatabase(dataDir);
}

// The agent of the hub's own machine: enrolled once through the admin socket, then kept running until it is stopped.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { askHub } from "./admin-socket.mjs";
import { LaunchFault } from "./fault.mjs";
import { endLeftOverAgent } from "./left-over-agent.mjs";
import { places } from "./places.mjs";

/** What is the hub's alone: people get terminals on this agent, and an environment can be read in /proc. */
const hubSecrets = new Set([
  "DATABASE_URL",
  "SALLYPORT_ADMIN_PASSWORD",
  "SALLYPORT_SMTP_PASSWORD",
  "SALLYPORT_S3_ACCESS_KEY_ID",
  "SALLYPORT_S3_SECRET_ACCESS_KEY",
]);
const agentEnvironment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !hubSecrets.has(name)));

const restartDelayMinMs = 1_000;
const restartDelayMaxMs = 30_000;
/** A run this long shows that the start itself works, so the next delay is the shortest again. */
const steadyRunMs = 60_000;
/** Longer than the agent's own grace for the terminals it ends. */
const stopDeadlineMs = 5_000;
const onlineDeadlineMs = 15_000;
const onlinePollMs = 50;

/** @typedef {{ url: string, agentPort: number, dataDir: string }} HubAddress */

/** @param {HubAddress} hub @returns {boolean} */
export const isEnrolled = ({ dataDir }) => existsSync(identityFile(dataDir));

const stateDir = (/** @type {string} */ dataDir) => path.join(dataDir, "agent");
const identityFile = (/** @type {string} */ dataDir) => path.join(stateDir(dataDir), "identity.json");

/** The agent trusts the hub's own CA on the same port that serves plain HTTP to this machine. @param {string} url */
const secureUrl = (url) => url.replace(/^http:/, "https:");

/** @param {HubAddress} hub @returns {Promise<void>} */
export async function enrolLocalAgent(hub) {
  const { status, body } = await askHub(hub.dataDir, "POST", "/enrolment-tokens", {});
  const token = /** @type {{ token: string, caPem: string, hubId: string, hubKey: string, message?: string }} */ (body);
  if (status !== 200 && status !== 201)
    throw new LaunchFault(`The hub gave no enrolment token for this machine: ${token.message ?? `status ${status}`}.`);
  const state = stateDir(hub.dataDir);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const caFile = path.join(state, "enrol-ca.pem");
  writeFileSync(caFile, token.caPem, { mode: 0o600 });
  const args = [
    "enrol",
    "--hub",
    secureUrl(hub.url),
    "--token-stdin",
    "--state",
    state,
    "--ca",
    caFile,
    "--hub-id",
    token.hubId,
    "--hub-key",
    token.hubKey,
    "--agent-port",
    String(hub.agentPort),
  ];
  const child = spawn(places.node, [places.agent, ...args], { stdio: ["pipe", "ignore", "pipe"], env: agentEnvironment() });
  let said = "";
  child.stderr.on("data", (/** @type {Buffer} */ chunk) => {
    said = (said + chunk.toString()).slice(-4_096);
  });
  child.stdin.on("error", () => {}); // it may refuse its options before reading; the exit code tells
  child.stdin.end(`${token.token}\n`);
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  rmSync(caFile, { force: true });
  if (code !== 0)
    throw new LaunchFault(
      "The agent of this machine could not be enrolled. Its last words follow; npm start -- --no-agent starts the hub without it.",
      said.trimEnd(),
    );
}

/** A start on other ports than last time: the agent keeps its identity and is told the new address. @param {HubAddress} hub */
export function followHubAddress(hub) {
  const file = identityFile(hub.dataDir);
  const identity = JSON.parse(readFileSync(file, "utf8"));
  const { hostname } = new URL(hub.url);
  const current = { ...identity, hubUrl: secureUrl(hub.url), host: hostname, agentPort: hub.agentPort };
  if (JSON.stringify(current) === JSON.stringify(identity)) return;
  writeFileSync(`${file}.new`, JSON.stringify(current), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** @typedef {{ stop(): Promise<void>, kill(): void, logFile: string }} LocalAgent */

/** Runs the agent and starts it again, later each time, when it dies. @param {string} dataDir @returns {LocalAgent} */
export function runLocalAgent(dataDir) {
  const state = stateDir(dataDir);
  const logFile = path.join(state, "agent.log");
  const flags = existsSync(places.agentFlags) ? readFileSync(places.agentFlags, "utf8").split(/\s+/).filter(Boolean) : [];
  const stopping = new AbortController();
  /** @type {import("node:child_process").ChildProcess | null} */
  let child = null;

  const runOnce = () =>
    new Promise((resolve) => {
      const log = openSync(logFile, "a", 0o600);
      child = spawn(places.node, [...flags, places.agent, "run", "--state", state], {
        stdio: ["ignore", log, log],
        env: agentEnvironment(),
        detached: true,
      });
      closeSync(log);
      child.once("error", resolve);
      child.once("close", resolve);
    });
  const finished = (async () => {
    await endLeftOverAgent(state);
    let delayMs = restartDelayMinMs;
    while (!stopping.signal.aborted) {
      const from = performance.now();
      await runOnce();
      if (performance.now() - from > steadyRunMs) delayMs = restartDelayMinMs;
      await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
      delayMs = Math.min(delayMs * 2, restartDelayMaxMs);
    }
  })();
  const kill = () => {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  };
  return {
    logFile,
    kill,
    async stop() {
      stopping.abort();
      child?.kill("SIGTERM");
      const force = setTimeout(kill, stopDeadlineMs);
      await finished;
      clearTimeout(force);
    },
  };
}

/** @param {string} dataDir @param {AbortSignal} signal @returns {Promise<boolean>} whether the hub saw an agent within the deadline */
export async function waitOnline(dataDir, signal) {
  for (const deadline = performance.now() + onlineDeadlineMs; performance.now() < deadline && !signal.aborted; ) {
    const { body } = await askHub(dataDir, "GET", "/status");
    const status = /** @type {{ agents?: { online?: number } } | null} */ (body);
    if ((status?.agents?.online ?? 0) > 0) return true;
    await wait(onlinePollMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

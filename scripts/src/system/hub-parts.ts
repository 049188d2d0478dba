// Hub and agents as separate processes without the launcher, so that a test can kill, stop, starve and restart each of them.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { askHub } from "../launch/admin-socket.mjs";
import { endLeftOverDatabase } from "../launch/left-over-database.mjs";
import { places } from "../launch/places.mjs";
import { bareAccount } from "./bare-account.ts";
import { adminEnvironment, firstAdmin, sallyportCommand } from "./launched-hub.ts";
import { RestClient } from "./rest-client.ts";

const readyDeadlineMs = 60_000;
const stopDeadlineMs = 15_000;

export type Address = { url: string; agentPort: number };

export type Part = {
  pid: number;
  /** Sends a signal; resolves at once for STOP and CONT, at the process's end for the others. */
  signal(signal: NodeJS.Signals): Promise<void>;
  gone: Promise<void>;
};

export type HubParts = AsyncDisposable & {
  address: Address;
  dataDir: string;
  rest: RestClient;
  hub(): Part;
  /** After its end: the same folder, the same ports. Resolves once it is ready. */
  startHub(): Promise<void>;
  /** Enrols an agent and runs it. Resolves once it is online. */
  addAgent(options: AgentOptions): Promise<AgentPart>;
  /** What the hub wrote to its log so far. */
  hubLog(): string;
};

export type AgentOptions = {
  name: string;
  /** The hub's host as this agent reaches it; this machine when absent. */
  hubHost?: string;
  /** Words before the agent's command, such as `ip netns exec …`. */
  prefix?: string[];
  env?: Record<string, string>;
  stateDir?: string;
};

export type AgentPart = { assetId: string; agentId: string; stateDir: string; part(): Part; start(): void };

export type HubOptions = {
  folder: string;
  dataDir?: string;
  prefix?: string[];
  env?: Record<string, string>;
  args?: string[];
};

const cleanEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: process.env.HOME ?? "/",
  LANG: "C.UTF-8",
});

export async function startHubParts({
  folder,
  dataDir = path.join(folder, "data"),
  prefix = [],
  env = {},
  args = [],
}: HubOptions): Promise<HubParts> {
  const hubLogFile = path.join(folder, "hub.log");
  let address: Address | null = null;
  let running: Part | null = null;
  const agents: AgentPart[] = [];

  const startHub = async () => {
    const ports = address === null ? ["0", "0"] : [new URL(address.url).port, String(address.agentPort)];
    const command = [
      ...prefix,
      places.node,
      places.hub,
      "--data",
      dataDir,
      "--port",
      ports[0] ?? "0",
      "--agent-port",
      ports[1] ?? "0",
    ];
    const child = launch([...command, ...args], { ...adminEnvironment, ...env }, hubLogFile, true);
    running = partOf(child);
    address = await readyAddress(child, hubLogFile);
  };
  await startHub();
  const at = (): Address => {
    if (address === null) throw new Error("the hub was never ready");
    return address;
  };
  const rest = new RestClient(at().url, accessKey(dataDir));

  return {
    get address() {
      return at();
    },
    dataDir,
    rest,
    hub: () => {
      if (running === null) throw new Error("the hub was never started");
      return running;
    },
    startHub,
    hubLog: () => readFileSync(hubLogFile, "utf8"),
    addAgent: async (options) => {
      const stateDir = options.stateDir ?? path.join(folder, `agent-${options.name}`);
      await enrol(dataDir, at(), stateDir, options);
      const flags = readFileSync(places.agentFlags, "utf8").split(/\s+/).filter(Boolean);
      const command = [
        ...(options.prefix ?? []),
        ...bareAccount(folder),
        places.node,
        ...flags,
        places.agent,
        "run",
        "--state",
        stateDir,
      ];
      let child = partOf(launch(command, options.env ?? {}, path.join(folder, `${options.name}.log`), false));
      const agent = {
        stateDir,
        assetId: "",
        agentId: "",
        part: () => child,
        start: () => {
          child = partOf(launch(command, options.env ?? {}, path.join(folder, `${options.name}.log`), false));
        },
      };
      agents.push(agent);
      const asset = await rest.onlineAsset(options.name);
      return Object.assign(agent, { assetId: asset.id, agentId: asset.agentId });
    },
    [Symbol.asyncDispose]: async () => {
      const parts = [...agents.map((agent) => agent.part()), ...(running === null ? [] : [running])];
      for (const part of parts) await part.signal("SIGCONT");
      await Promise.all(parts.map(endInOrder));
      endLeftOverDatabase(dataDir);
    },
  };
}

export const accessKey = (dataDir: string): string =>
  sallyportCommand(dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "faults").trim().split("\n").at(-1) ??
  "";

async function enrol(dataDir: string, address: Address, stateDir: string, { name, hubHost, prefix = [] }: AgentOptions) {
  const { body } = await askHub(dataDir, "POST", "/enrolment-tokens", {});
  const token = body as { token: string; caPem: string; hubId: string; hubKey: string };
  const caFile = `${stateDir}-ca.pem`;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(caFile, token.caPem);
  const { port, hostname } = new URL(address.url);
  const url = `https://${hubHost ?? hostname}:${port}`;
  const words = ["enrol", "--hub", url, "--token-stdin", "--state", stateDir, "--ca", caFile, "--name", name];
  const pins = ["--hub-id", token.hubId, "--hub-key", token.hubKey, "--agent-port", String(address.agentPort)];
  const [program = "", ...rest] = [...prefix, places.node, places.agent, ...words, ...pins];
  const { status, stderr } = spawnSync(program, rest, { input: `${token.token}\n`, encoding: "utf8", env: cleanEnvironment() });
  if (status !== 0) throw new Error(`the agent was not enrolled: ${stderr}`);
}

function launch(command: string[], env: Record<string, string>, logFile: string, tells: boolean): ChildProcess {
  const [program = "", ...words] = command;
  const child = spawn(program, words, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "ignore", "pipe", ...(tells ? (["ipc"] as const) : [])],
    detached: true, // a test runner's Ctrl-C does not reach it
  });
  child.stderr?.pipe(createWriteStream(logFile, { flags: "a" }));
  return child;
}

function partOf(child: ChildProcess): Part {
  const pid = child.pid ?? 0;
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    pid,
    gone,
    signal: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      process.kill(pid, signal);
      if (signal !== "SIGSTOP" && signal !== "SIGCONT") await gone;
    },
  };
}

async function endInOrder(part: Part): Promise<void> {
  const force = setTimeout(() => void part.signal("SIGKILL"), stopDeadlineMs);
  await part.signal("SIGTERM");
  clearTimeout(force);
}

function readyAddress(child: ChildProcess, logFile: string): Promise<Address> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`the hub ${why}; its log ends:\n${readFileSync(logFile, "utf8").slice(-2_000)}`));
    const timer = setTimeout(() => fail(`was not ready within ${readyDeadlineMs} ms`), readyDeadlineMs);
    child.on("message", (message) => {
      if (typeof message !== "object" || message === null || !("event" in message) || message.event !== "ready") return;
      clearTimeout(timer);
      const { url, agentPort } = message as unknown as Address;
      resolve({ url, agentPort });
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? code})`);
    });
  });
}

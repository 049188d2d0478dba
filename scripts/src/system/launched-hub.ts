// Sallyport as people start it: the launcher as a process of its own, spoken to through what it prints, its sockets and signals.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { bareAccount } from "./bare-account.ts";
import { type Process, processTree } from "./processes.ts";

export const checkout = path.join(import.meta.dirname, "../../..");

/** A cold start makes a database and enrols an agent; this is several times what two busy cores need. */
const readyDeadlineMs = 90_000;
const stopDeadlineMs = 30_000;

export type LaunchOptions = {
  dataDir: string;
  args?: string[];
  env?: Record<string, string>;
  /** Words before the command, such as `setpriv …` or `ip netns exec …`. */
  prefix?: string[];
  checkout?: string;
};

export type Ending = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

export type LaunchedHub = AsyncDisposable & {
  url: string;
  setupLink: string | null;
  dataDir: string;
  pid: number;
  /** Milliseconds from the spawn to the block that says it is ready. */
  startMs: number;
  stdout(): string;
  stderr(): string;
  /** The launcher and everything below it. */
  processes(): Process[];
  ended: Promise<Ending>;
  /** Sends a signal to the launcher alone, and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
};

export const firstAdmin = { email: "admin@example.org", password: "correct horse battery", name: "Ada Admin" };

/** Environment that makes {@link firstAdmin} without a browser. */
export const adminEnvironment = {
  SALLYPORT_ADMIN_EMAIL: firstAdmin.email,
  SALLYPORT_ADMIN_PASSWORD: firstAdmin.password,
  SALLYPORT_ADMIN_NAME: firstAdmin.name,
};

/** Nothing of the caller's own settings may reach the hub under test. */
const cleanEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: process.env.HOME ?? "/",
  LANG: "C.UTF-8",
  SALLYPORT_BUILD: "0", // a source saved while tests run must not start a build in each of them
});

/** Starts the launcher and gives the process, ready or not. */
export function spawnLauncher({ dataDir, args = [], env = {}, prefix = [], checkout: root = checkout }: LaunchOptions) {
  const ports = args.includes("--port") ? [] : ["--port", "0"];
  const [command = "", ...words] = [
    ...bareAccount(path.join(path.dirname(dataDir), "account")),
    ...prefix, // behind it: who is no longer root can mount nothing
    process.execPath,
    path.join(root, "scripts/bin/start.mjs"),
    "--data",
    dataDir,
    ...ports,
    ...args,
  ];
  // A session of its own, so that a test runner's Ctrl-C does not reach it twice.
  const child = spawn(command, words, {
    cwd: root,
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Starts Sallyport and waits until it says that it is ready. */
export async function launchHub(options: LaunchOptions): Promise<LaunchedHub> {
  const from = performance.now();
  const launcher = spawnLauncher(options);
  const stop = (signal: NodeJS.Signals = "SIGINT") => stopLauncher(launcher.child, launcher.ended, signal);
  const ready = new Promise<void>((resolve) => {
    const look = () => {
      if (launcher.stdout().includes("Ctrl-C stops everything.")) resolve();
    };
    launcher.child.stdout.on("data", look);
  });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), readyDeadlineMs);
  const late = new Promise<void>((resolve) => deadline.signal.addEventListener("abort", () => resolve()));
  await Promise.race([ready, launcher.ended, late]);
  clearTimeout(timer);
  const url = /^ {2}Console +(\S+)$/m.exec(launcher.stdout())?.[1];
  if (url === undefined) {
    await stop();
    throw new Error(`Sallyport did not become ready.\n${launcher.stdout()}\n${launcher.stderr()}`);
  }
  return {
    url,
    setupLink: /(https?:\/\/\S+\/setup\?\S+)/.exec(launcher.stdout())?.[1] ?? null,
    dataDir: options.dataDir,
    pid: launcher.child.pid ?? 0,
    startMs: performance.now() - from,
    stdout: launcher.stdout,
    stderr: launcher.stderr,
    processes: () => processTree(launcher.child.pid ?? 0),
    ended: launcher.ended,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function stopLauncher(child: ChildProcess, ended: Promise<Ending>, signal: NodeJS.Signals): Promise<Ending> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  // Twice asks it to force the end; it has then nothing left to wait for.
  const insist = setTimeout(() => child.kill("SIGTERM"), stopDeadlineMs);
  const ending = await ended;
  clearTimeout(insist);
  return ending;
}

/** Runs `npx sallyport …` against the folder of a running hub and gives its stdout. */
export function sallyportCommand(dataDir: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(checkout, "scripts/bin/sallyport.mjs"), ...args, "--data", dataDir],
    { encoding: "utf8", env: cleanEnvironment() },
  );
  if (status !== 0) throw new Error(`sallyport ${args.join(" ")} failed with ${status}: ${stderr}`);
  return stdout;
}

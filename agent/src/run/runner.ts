// The runner: a process of its own per execution, so that a script survives its agent. Starts the script, keeps its output and its end
// on disk, holds it to its time. Speaks to nobody; the agent reads the folder.
//
//     runner.cjs <folder>      SIGTERM: stop the script, with the grace in the file `stop`. stdin: its secrets, where the task names any
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { codeOf, hasCode, readIfThere, writeDurably } from "../state/files.ts";
import { markOf } from "../state/process-mark.ts";
import { writeCollected } from "./artefacts-record.ts";
import { claimFolder, nobody } from "./claim-folder.ts";
import { collectArtefacts } from "./collect-artefacts.ts";
import { type ExitEnd, type ExitRecord, endedWithoutOutput } from "./exit-record.ts";
import { ProcessGroup } from "./process-group.ts";
import { readSecrets } from "./secrets.ts";
import { SpoolWriter } from "./spool-writer.ts";
import { parseTask, type Task, taskFiles } from "./task.ts";

/** Between TERM and KILL when nobody said otherwise. */
const graceSecondsDefault = 10;

/** A daemon the script left behind may hold its output for ever; what it still prints is not the script's. */
const lingerMs = 2_000;

/** A full disk may get room again; without exit.json the end would be lost. */
const exitRecordTries = 600;

const folder = path.resolve(process.argv[2] ?? "");
const inFolder = (name: string): string => path.join(folder, name);

closeInheritedTerminals();
// When another runner has the folder already, its script is started: a script is started once.
if (claimFolder(folder, markOf(process.pid) ?? nobody)) void run(parseTask(fs.readFileSync(inFolder(taskFiles.task), "utf8")));

async function run(task: Task): Promise<void> {
  // Before the script exists there is nothing to stop; the file `stop` is looked at once it does.
  let onStop = (): void => {};
  process.on("SIGTERM", () => onStop());
  const secrets = readSecrets(task.secrets);
  if (secrets === null)
    return recordExit(endedWithoutOutput("spawn-failed", Date.now(), "The agent ended before it had handed over the secrets."));
  const limits = { bytesMax: task.outputBytesMax, secrets: Object.values(secrets) };
  const pipes = [inFolder("stdout.pipe"), inFolder("stderr.pipe")] as const;
  const made = spawnSync("mkfifo", ["-m", "600", ...pipes], { env: { PATH: task.environment.PATH ?? "/usr/bin:/bin" } });
  if (made.status !== 0)
    return recordExit(endedWithoutOutput("spawn-failed", Date.now(), "This host has no mkfifo, which is part of coreutils."));
  const stdout = new SpoolWriter(pipes[0], inFolder(taskFiles.stdout), limits);
  const stderr = new SpoolWriter(pipes[1], inFolder(taskFiles.stderr), limits);

  const startedAtMs = Date.now();
  const child = spawn(task.command, [inFolder(task.scriptFile), ...task.arguments], {
    cwd: task.directory,
    env: { ...task.environment, ...secrets },
    stdio: ["ignore", stdout.writeFd, stderr.writeFd],
    detached: true, // a group of its own, so that all of it can be ended at once
  });
  const outcome = watch(child);
  stdout.handOver();
  stderr.handOver();
  if (child.pid === undefined) {
    const { failure } = await outcome;
    return recordExit(endedWithoutOutput("spawn-failed", Date.now(), whyNotStarted(task.command, failure)));
  }
  writeDurably(inFolder(taskFiles.started), JSON.stringify({ mark: markOf(child.pid), startedAtMs }));

  const group = new ProcessGroup(child.pid);
  let end: ExitEnd = "exited";
  const stop = (why: ExitEnd, graceSeconds: number): void => {
    if (end !== "exited") return;
    end = why;
    group.end(graceSeconds * 1_000);
  };
  const timer = setTimeout(() => stop("timeout", graceSecondsDefault), task.timeoutMs); // Node's timers count the monotonic clock
  onStop = () => stop("stopped", graceAsked());
  if (fs.existsSync(inFolder(taskFiles.stop))) onStop();

  const { exitCode, signal } = await outcome;
  clearTimeout(timer);
  await group.ended();
  await Promise.race([Promise.all([stdout.closed(), stderr.closed()]), new Promise((resolve) => setTimeout(resolve, lingerMs))]);
  stdout.finish();
  stderr.finish();
  const endedAtMs = Date.now();
  const notCollected = await collect(task, (stopCollecting) => {
    onStop = stopCollecting;
  });
  await recordExit({
    end,
    exitCode,
    signal,
    startedAtMs,
    endedAtMs,
    stdoutBytes: stdout.output.kept,
    stderrBytes: stderr.output.kept,
    stdoutDropped: stdout.output.dropped,
    stderrDropped: stderr.output.dropped,
    message: stdout.output.failure || stderr.output.failure || notCollected,
  });
}

/**
 * Whatever the script's end was: of one that failed people want the logs most. It takes as long as it takes, until somebody stops it.
 *
 * @returns why nothing was collected, for the exit record; that the script ended is told all the same.
 */
async function collect({ artefacts }: Task, takeStop: (stop: () => void) => void): Promise<string> {
  if (artefacts.length === 0) return "";
  let stopped = false;
  takeStop(() => {
    stopped = true;
  });
  try {
    writeCollected(folder, await collectArtefacts(artefacts, inFolder(taskFiles.artefacts), { isStopped: () => stopped }));
    return "";
  } catch (error) {
    return `Nothing was collected: ${codeOf(error) || String(error)}.`;
  }
}

function whyNotStarted(command: string, failure: unknown): string {
  if (!path.isAbsolute(command)) return `This host has no ${command} where programs are looked for.`;
  return `${command} did not start: ${codeOf(failure) || String(failure)}.`;
}

function watch(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null; failure: unknown }> {
  return new Promise((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, failure: null }));
    child.once("error", (failure) => resolve({ exitCode: null, signal: null, failure }));
  });
}

function graceAsked(): number {
  const seconds = Number(readIfThere(inFolder(taskFiles.stop))?.toString() ?? graceSecondsDefault);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : graceSecondsDefault;
}

async function recordExit(record: ExitRecord): Promise<void> {
  for (let n = 0; n < exitRecordTries; n++) {
    try {
      writeDurably(inFolder(taskFiles.exit), JSON.stringify(record));
      process.exit(0); // whatever a daemonised grandchild still holds open
    } catch (error) {
      if (!hasCode(error, "ENOSPC") && !hasCode(error, "EDQUOT")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** The agent's terminals come along, since their descriptors are not close-on-exec; a script must not read what people type. */
function closeInheritedTerminals(): void {
  for (const name of fs.readdirSync("/proc/self/fd")) {
    const fd = Number(name);
    try {
      if (fd > 2 && /^\/dev\/(ptmx|pts\/)/.test(fs.readlinkSync(`/proc/self/fd/${fd}`))) fs.closeSync(fd);
    } catch (error) {
      if (!hasCode(error, "ENOENT") && !hasCode(error, "EBADF")) throw error; // the listing's own descriptor
    }
  }
}

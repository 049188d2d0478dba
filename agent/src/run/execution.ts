// One execution as this agent sees it: its phase, its output as a stream, its end. The script itself runs under the runner;
// everything here can be rebuilt from the execution's folder.
//
//   claimed ──go──► running ──exit.json──► ended ──hub has it──► forgotten
//      └──stop──────────────────────────────▲
import fs from "node:fs";
import path from "node:path";
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";
import { isAlive, pidOf, readMark } from "../state/process-mark.ts";
import { claimFolder, nobody } from "./claim-folder.ts";
import { type ExitRecord, endedWithoutOutput, parseExitRecord } from "./exit-record.ts";
import { type Journalled, type JournalledState, stateOf } from "./journal.ts";
import { SpoolFile } from "./spool-file.ts";
import { taskFiles } from "./task.ts";

const stdoutChannel = 0;
const stderrChannel = 1;

/** From `go` to the runner's mark. A loaded host takes a second to start a process; after this it may start nothing any more. */
const runnerDeadlineMs = 10_000;

/** How often a runner without news is looked for. A file is looked at more often than a process. */
const aliveEveryMs = 1_000;

export type Phase = "claimed" | "running" | "ended";

export class Execution implements StreamOwner {
  readonly entry: Journalled;
  readonly #mux: StreamMux;
  readonly #wall: () => number;
  readonly #stdout: SpoolFile;
  readonly #stderr: SpoolFile;
  #phase: Phase = "claimed";
  #exit: ExitRecord | null = null;
  #end: StreamEnd | null = null;
  #startedAtMs: number | null = null;
  #begunAt = 0;
  #aliveAt = 0;
  #outputWanted = true;

  constructor(entry: Journalled, mux: StreamMux, wall: () => number = Date.now) {
    this.entry = entry;
    this.#mux = mux;
    this.#wall = wall;
    this.#stdout = new SpoolFile(path.join(entry.folder, taskFiles.stdout));
    this.#stderr = new SpoolFile(path.join(entry.folder, taskFiles.stderr));
  }

  get phase(): Phase {
    return this.#phase;
  }

  get exit(): ExitRecord | null {
    return this.#exit;
  }

  /** This host's clock when the script's process came to be; null before. */
  get startedAtMs(): number | null {
    return this.#startedAtMs;
  }

  get end(): StreamEnd | null {
    return this.#end;
  }

  /** Ended, and the hub has stored all output it wants: the result may be told. */
  get settled(): boolean {
    return (
      this.#phase === "ended" &&
      (!this.#outputWanted || this.#end === null || [...this.#end.outgoing.values()].every((half) => half.drained))
    );
  }

  /** After a restart of the agent: takes up what the folder says. */
  recover(state: JournalledState): void {
    if (state.state === "claimed") return;
    if (state.state === "ended" && !fs.existsSync(this.#file(taskFiles.go))) {
      this.#finish(state.exit); // it never began, so there is no output
      return;
    }
    this.#openStream();
    this.look();
  }

  /** The hub said go. Durable before `launch` starts anything, so that a crash in between is seen and never repeated. */
  begin(launch: (folder: string, onFailure: (error: Error) => void) => void): void {
    writeDurably(this.#file(taskFiles.go), "");
    this.#openStream();
    launch(this.entry.folder, (error) => {
      if (claimFolder(this.entry.folder, nobody))
        this.#record(endedWithoutOutput("spawn-failed", this.#wall(), `The runner did not start: ${error.message}.`));
    });
  }

  /** Ends it: TERM, then KILL after the grace. Before it began, it never begins. */
  stop(graceSeconds: number): void {
    if (this.#phase === "ended") return;
    if (this.#phase === "claimed") {
      this.#record(endedWithoutOutput("stopped", this.#wall(), "Stopped before it began."));
      return;
    }
    writeDurably(this.#file(taskFiles.stop), String(graceSeconds));
    // A runner that has not started the script yet finds the file; afterwards it waits for the signal.
    const mark = readMark(this.#file(taskFiles.runner));
    const pid = mark !== null && fs.existsSync(this.#file(taskFiles.started)) && isAlive(mark) ? pidOf(mark) : null;
    if (pid !== null) process.kill(pid, "SIGTERM");
  }

  /** Reads how far the runner got. Cheap: called every tick while the script runs. */
  look(): void {
    if (this.#phase !== "running") return;
    const exit = readIfThere(this.#file(taskFiles.exit)); // before the spools: what it says is in them
    if (this.#startedAtMs === null) this.#startedAtMs = this.#readStart()?.startedAtMs ?? null;
    const grew = this.#stdout.grow();
    if (this.#stderr.grow() || grew) this.#mux.wake();
    if (exit !== null) this.#finish(parseExitRecord(exit.toString()));
    else this.#lookForRunner();
  }

  /** The hub takes no more output of this one. */
  dropOutput(): void {
    this.#outputWanted = false;
    if (this.#end !== null) this.#mux.remove(this.#end.stream);
    this.#end = null;
  }

  /** The hub has the result, or wants none: closes what is open. The folder is the journal's to delete. */
  close(): void {
    if (!this.settled) this.dropOutput();
    this.#end?.close({ exitCode: this.#exit?.exitCode ?? null, reason: this.#exit?.signal ?? this.#exit?.end ?? "" });
    this.#mux.wake();
    this.#stdout.close();
    this.#stderr.close();
  }

  onData(): void {}
  onEnd(): void {}
  onRoom(): void {}
  onResize(): void {}

  onClose(): void {
    this.#outputWanted = false;
  }

  #openStream(): void {
    this.#phase = "running";
    this.#begunAt = this.#wall();
    const outgoing = [
      new Outgoing(stdoutChannel, this.#stdout, bulkWindowBytes),
      new Outgoing(stderrChannel, this.#stderr, bulkWindowBytes),
    ];
    this.#end = new StreamEnd({ stream: this.entry.stream, priority: "bulk", outgoing, incoming: [], owner: this });
    this.#mux.add(this.#end);
  }

  #finish(exit: ExitRecord): void {
    this.#exit = exit;
    this.#phase = "ended";
    for (const half of this.#end?.outgoing.values() ?? []) half.finish();
    this.#mux.wake();
  }

  #record(exit: ExitRecord): void {
    writeDurably(this.#file(taskFiles.exit), JSON.stringify(exit));
    this.#finish(exit);
  }

  #lookForRunner(): void {
    const now = this.#wall();
    if (Math.abs(now - this.#aliveAt) < aliveEveryMs) return;
    this.#aliveAt = now;
    const state = stateOf(this.entry);
    if (state.state !== "lost") return;
    if (!state.hadRunner) {
      if (Math.abs(now - this.#begunAt) < runnerDeadlineMs || !claimFolder(this.entry.folder, nobody)) return;
      this.#record(
        endedWithoutOutput(
          "unknown",
          now,
          "The agent or the host went down while the script was being started. It may have run or not.",
        ),
      );
      return;
    }
    const start = this.#readStart();
    if (start !== null && isAlive(start.mark)) killGroup(start.mark); // nobody hears it any more
    this.#stdout.grow();
    this.#stderr.grow();
    this.#record({
      ...endedWithoutOutput(
        "agent-restarted",
        now,
        "The script was lost with its runner: the host was restarted, or somebody killed it.",
      ),
      startedAtMs: start?.startedAtMs ?? 0,
      stdoutBytes: this.#stdout.end,
      stderrBytes: this.#stderr.end,
    });
  }

  #readStart(): { mark: string; startedAtMs: number } | null {
    const text = readIfThere(this.#file(taskFiles.started));
    const start = text === null ? null : parseObject(text.toString());
    const mark: unknown = start === null ? null : Reflect.get(start, "mark");
    const startedAtMs: unknown = start === null ? null : Reflect.get(start, "startedAtMs");
    return typeof mark === "string" && typeof startedAtMs === "number" ? { mark, startedAtMs } : null;
  }

  #file(name: string): string {
    return path.join(this.entry.folder, name);
  }
}

function killGroup(mark: string): void {
  const pid = pidOf(mark);
  if (pid !== null) process.kill(-pid, "SIGKILL");
}

// One execution as this agent sees it: its phase, its output as a stream, its end. The script itself is its carrier's; everything here can be
// rebuilt from the execution's folder.
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
import type { Carrier } from "./carrier.ts";
import { type ExitRecord, endedWithoutOutput, parseExitRecord } from "./exit-record.ts";
import type { Journalled, JournalledState } from "./journal.ts";
import { SpoolFile } from "./spool-file.ts";
import { readStart } from "./start-record.ts";
import { taskFiles } from "./task.ts";

const stdoutChannel = 0;
const stderrChannel = 1;
const artefactsChannel = 2;

export type Phase = "claimed" | "running" | "ended";

export class Execution implements StreamOwner {
  readonly entry: Journalled;
  readonly carrier: Carrier;
  readonly #mux: StreamMux;
  readonly #wall: () => number;
  readonly #stdout: SpoolFile;
  readonly #stderr: SpoolFile;
  /** Null: none are collected. */
  readonly #artefacts: SpoolFile | null;
  #phase: Phase = "claimed";
  #exit: ExitRecord | null = null;
  #end: StreamEnd | null = null;
  #startedAtMs: number | null = null;
  #outputWanted = true;

  constructor(entry: Journalled, carrier: Carrier, mux: StreamMux, wall: () => number = Date.now) {
    this.entry = entry;
    this.carrier = carrier;
    this.#mux = mux;
    this.#wall = wall;
    this.#stdout = new SpoolFile(path.join(entry.folder, taskFiles.stdout));
    this.#stderr = new SpoolFile(path.join(entry.folder, taskFiles.stderr));
    this.#artefacts = entry.collects ? new SpoolFile(path.join(entry.folder, taskFiles.artefacts)) : null;
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
    if (!fs.existsSync(this.#file(taskFiles.exit))) this.carrier.resume();
    this.look();
  }

  /** The hub said go. Durable before anything is started, so that a crash in between is seen and never repeated. */
  begin(): void {
    writeDurably(this.#file(taskFiles.go), "");
    this.#openStream();
    this.carrier.begin();
  }

  /** Ends it: TERM, then KILL after the grace. Before it began, it never begins. */
  stop(graceSeconds: number): void {
    if (this.#phase === "ended") return;
    if (this.#phase === "running") this.carrier.stop(graceSeconds);
    else this.#record(endedWithoutOutput("stopped", this.#wall(), "Stopped before it began."));
  }

  /** It may not begin, and says why. */
  refuse(refusal: string, why: string): void {
    if (this.#phase === "claimed") this.#record(endedWithoutOutput("refused", this.#wall(), why, refusal));
  }

  /** It was let begin, whatever became of it. */
  get wasBegun(): boolean {
    return fs.existsSync(this.#file(taskFiles.go));
  }

  /** Reads how far it got. Cheap: called every tick while the script runs. */
  look(): void {
    if (this.#phase !== "running") return;
    const exit = readIfThere(this.#file(taskFiles.exit)); // before the spools: what it says is in them
    if (this.#startedAtMs === null) this.#startedAtMs = readStart(this.entry.folder)?.startedAtMs ?? null;
    const grew = [this.#stdout, this.#stderr, this.#artefacts].map((spool) => spool?.grow() ?? false);
    if (grew.includes(true)) this.#mux.wake();
    if (exit !== null) this.#finish(parseExitRecord(exit.toString()));
    else this.#lookAtCarrier();
  }

  #lookAtCarrier(): void {
    const exit = this.carrier.look();
    if (exit === null) return;
    this.#stdout.grow();
    this.#stderr.grow();
    this.#artefacts?.grow();
    this.#record({ ...exit, stdoutBytes: this.#stdout.end, stderrBytes: this.#stderr.end });
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
    this.carrier.close();
    this.#stdout.close();
    this.#stderr.close();
    this.#artefacts?.close();
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
    const outgoing = [
      new Outgoing(stdoutChannel, this.#stdout, bulkWindowBytes),
      new Outgoing(stderrChannel, this.#stderr, bulkWindowBytes),
      ...(this.#artefacts === null ? [] : [new Outgoing(artefactsChannel, this.#artefacts, bulkWindowBytes)]),
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

  #file(name: string): string {
    return path.join(this.entry.folder, name);
  }
}

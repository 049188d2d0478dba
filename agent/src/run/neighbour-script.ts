// A script on a neighbour, over SSH. The neighbour writes its output and its end into a folder of its own; this asks for them until there is an end,
// over as many connections as that takes, and never has a script begun that may have begun before.
//
//   waiting ──hub equips──► connecting ──let in──► talking ──all of it here──► ended
//      ▲                        │                     │
//      └──── a pause ───────────┴──── cut ────────────┘
//
//   in the folder: sent       which boot of the neighbour it was when the script went there: from now on it may have begun
//                  started    it has begun
//                  over       its end, and all output is in the spool: what is left is what it is to collect
//                  fetched    that too: what is left is to tidy up there
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { wire } from "@sallyport/protocol/wire";
import { reasonOf } from "../log.ts";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import type { Neighbours } from "../ssh/neighbours.ts";
import { readIfThere, writeDurably } from "../state/files.ts";
import { writeCollected } from "./artefacts-record.ts";
import type { Carrier } from "./carrier.ts";
import { collectThere } from "./collect-there.ts";
import { type ExitEnd, type ExitRecord, endedWithoutOutput, parseExitRecord } from "./exit-record.ts";
import type { HubNeeds } from "./hub-needs.ts";
import type { Journalled } from "./journal.ts";
import { openSecrets } from "./open-secrets.ts";
import { OutputFile } from "./output-file.ts";
import { refusals } from "./placer.ts";
import type { Places } from "./places.ts";
import { printable, type RemoteEnd, readAnswer } from "./remote-answer.ts";
import { oneLine, remoteCommand } from "./remote-program.ts";
import { RemoteTalk, TalkCut } from "./remote-talk.ts";
import { type NeighbourName, neighbourNameOf } from "./run-order.ts";
import { readStart, writeStart } from "./start-record.ts";
import { parseTask, type Task, taskFiles } from "./task.ts";

/** Before the script was sent; a network that hiccups is not the end. What the host itself refuses is, at once. */
const triesMax = 3;
const passing: ReadonlySet<string> = new Set(["timeout", "unreachable", "connection-refused", "closed", "name-unknown"]);

/** Between two tries: a second, two, four … half a minute. */
const pauseMs = { first: 1_000, last: 30_000 };

/** How long past its time limit a script is looked for. The hub's patience with a silent agent is the same. */
const lostAfterMs = 10 * 60_000;

/** How long a way there is looked for only to tidy up. */
const tidyMs = 60_000;

/** Between two questions when there was nothing new: the neighbour itself waits most of a second before it says so. */
const quietMs = { first: 50, last: 1_000 };

export type NeighbourScriptOptions = {
  entry: Journalled;
  neighbour: NeighbourName;
  neighbours: Neighbours;
  needs: HubNeeds;
  places: Places;
  wall: () => number;
};

type Equipped = { sequence: number; ssh: wire.SshTarget.$Properties; secrets: Record<string, string> };
type Outputs = { stdout: OutputFile; stderr: OutputFile; read: { stdout: number; stderr: number } };

export class NeighbourScript implements Carrier {
  readonly #options: NeighbourScriptOptions;
  readonly #address: string;
  /** When this process took it up; monotonic, ms. */
  readonly #since = performance.now();
  #task: Task | null = null;
  #state: "waiting" | "connecting" | "talking" | "ended" = "waiting";
  #holdsPlace = false;
  #tries = 0;
  #talk: RemoteTalk | null = null;
  #outputs: Outputs | null = null;
  #end: ExitRecord | null = null;
  /** When this process sent it, or found that it had been; monotonic, since clocks are set. Null: it cannot have begun. */
  #sentAt: number | null;
  #isFetched: boolean;
  /** A person wants it ended; seconds of grace. */
  #stop: number | null = null;
  #stopTold = false;
  #stopCollecting = false;
  #unpause: () => void = () => {};
  #closed = false;

  constructor(options: NeighbourScriptOptions) {
    this.#options = options;
    this.#address = `${options.neighbour.host}:${options.neighbour.port}`;
    this.#sentAt = fs.existsSync(this.#file("sent")) ? this.#since : null;
    this.#isFetched = fs.existsSync(this.#file("fetched"));
  }

  begin(): void {}

  resume(): void {}

  stop(graceSeconds: number): void {
    this.#stop = graceSeconds;
    this.#stopCollecting = true;
    if (this.#sentAt === null && this.#state !== "talking") this.#finish("stopped", "Stopped before it began.");
    this.#unpause();
  }

  look(): ExitRecord | null {
    if (this.#end !== null || this.#closed) return this.#end;
    if (this.#state === "waiting") this.#ask();
    const now = performance.now();
    if (this.#isFetched && this.#state === "waiting" && now > this.#since + tidyMs) this.#tidied();
    else if (this.#sentAt !== null && now > this.#sentAt + this.#read().timeoutMs + lostAfterMs) this.#giveUp();
    return this.#end;
  }

  async equip(sequence: number, order: wire.EquipRun.$Properties): Promise<Outcome> {
    const { entry, neighbour, neighbours, needs } = this.#options;
    const { ssh } = order;
    if (!needs.answered() || this.#state !== "waiting" || this.#closed)
      return refused("policy", "Nothing of this execution waits for it.");
    const named = ssh ? neighbourNameOf(ssh) : null;
    if (
      !ssh ||
      ssh.su ||
      named?.host !== neighbour.host ||
      named.port !== neighbour.port ||
      named.username !== neighbour.username
    )
      return this.#notIn(refused("policy", "The way in leads to another neighbour, or another account, than the script is for."));
    const opened = openSecrets(this.#read().secrets, order.secrets ?? [], (sealed) =>
      neighbours.unseal(sealed, entry.executionId),
    );
    if (!opened.ok) return this.#notIn(opened.outcome);
    this.#state = "connecting";
    return this.#connect({ sequence, ssh, secrets: opened.secrets });
  }

  lacks(final: boolean, why: string): void {
    if (this.#state !== "waiting" || !this.#options.needs.waiting) return;
    if (this.#isFetched) this.#tidied();
    else if (final && this.#sentAt === null) this.#finish("refused", why);
    else this.#pause();
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  async #connect({ sequence, ssh, secrets }: Equipped): Promise<Outcome> {
    const { entry, neighbours } = this.#options;
    const opened = await neighbours.open({ sequence, subjectId: entry.executionId, ssh }, () => ({
      command: remoteCommand,
      pty: null,
    }));
    if (!opened.ok) return this.#notIn(opened.outcome);
    const talk = new RemoteTalk(opened, randomBytes(12).toString("hex"));
    this.#talk = talk;
    if (this.#closed || this.#end !== null) {
      talk.close();
      return refused("policy", "The execution has ended meanwhile.");
    }
    this.#state = "talking";
    void this.#converse(talk, secrets).catch((error: unknown) => this.#cut(error));
    return accepted;
  }

  async #converse(talk: RemoteTalk, secrets: Record<string, string>): Promise<void> {
    const task = this.#read();
    await talk.say(
      `${talk.nonce}\n.sallyport-${this.#options.entry.executionId}.${this.#options.entry.attempt}\n${task.outputBytesMax}\n`,
    );
    const [kind, state, boot = ""] = await talk.answer();
    if (kind === "failed")
      return this.#finish("spawn-failed", "Somebody else on the neighbour has made the folder of this script.");
    if (kind !== "hello") throw talk.nonsense();
    if (this.#isFetched) return this.#tidy(talk);
    if (!(await this.#isBegun(talk, { state: state ?? "", boot }, secrets))) return;
    this.#noteStart();
    this.#tries = 0;
    await this.#follow(talk, task, Object.values(secrets));
  }

  /** True when the script has begun there, now or before. False: it has ended, as this says. */
  async #isBegun(talk: RemoteTalk, there: { state: string; boot: string }, secrets: Record<string, string>): Promise<boolean> {
    const sent = readIfThere(this.#file("sent"))?.toString() ?? null;
    if (there.state === "begun") {
      if (sent === null) this.#noteSent(there.boot);
      return true;
    }
    if (sent !== null) {
      const sameBoot = there.boot !== "-" && sent === there.boot;
      if (readStart(this.#options.entry.folder) !== null) {
        this.#finish(
          "lost",
          "The neighbour was started anew, or somebody removed the script's folder: how it ended is not known.",
        );
        return false;
      }
      // The folder vanishes with a restart, or has never been there. Only the same boot tells which.
      if (!sameBoot) {
        this.#finish(
          "unknown",
          "The connection was cut while the script was sent, and the neighbour was started anew. It may have run or not.",
        );
        return false;
      }
    }
    if (this.#stop !== null) {
      this.#finish("stopped", "Stopped before it began.");
      return false;
    }
    if (sent === null) this.#noteSent(there.boot);
    const task = this.#read();
    const script = fs.readFileSync(this.#file(task.scriptFile));
    const variables = Object.entries({ ...task.environment, ...secrets });
    const lines = [
      "start",
      Math.ceil(task.timeoutMs / 1_000),
      blocksFor(task.outputBytesMax),
      task.command,
      task.scriptFile,
      script.length,
      variables.length,
      task.arguments.length,
      ...variables.flatMap(([name, value]) => [name, oneLine(value)]),
      ...task.arguments.map(oneLine),
    ];
    await talk.say(lines.map((line) => `${line}\n`).join(""), script);
    const [answer, ...words] = await talk.answer();
    if (answer === "started" || answer === "begun") return true;
    if (answer !== "failed") throw talk.nonsense();
    this.#finish("spawn-failed", printable(words.join(" ")));
    return false;
  }

  async #follow(talk: RemoteTalk, task: Task, secrets: string[]): Promise<void> {
    const outputs = this.#openOutputs(task, secrets);
    const { read } = outputs;
    let quiet = 0;
    for (;;) {
      if (this.#stop !== null && !this.#stopTold) {
        await talk.say(`stop ${this.#stop}\n`);
        if ((await talk.answer())[0] !== "stopping") throw talk.nonsense();
        this.#stopTold = true;
      }
      await talk.say(`get ${read.stdout} ${read.stderr}\n`);
      const answer = readAnswer(await talk.answer());
      if (answer === null) throw talk.nonsense();
      outputs.stdout.take(await talk.bytes(answer.stdout));
      read.stdout += answer.stdout;
      outputs.stderr.take(await talk.bytes(answer.stderr));
      read.stderr += answer.stderr;
      if (answer.stdout + answer.stderr > 0) {
        quiet = 0;
        continue;
      }
      if (answer.end === null) {
        quiet += 1;
        await this.#rest(Math.min(quietMs.last, quietMs.first * 2 ** Math.min(quiet, 10)));
      } else {
        const record = this.#recordOf(outputs, answer.end);
        await this.#collect(talk, task, record);
        await this.#fetched(talk, record);
        return;
      }
    }
  }

  #recordOf({ stdout, stderr, read }: Outputs, end: RemoteEnd): ExitRecord {
    stdout.finish();
    stderr.finish();
    this.#outputs = null;
    const dropped = (file: OutputFile, there: number, got: number): number => file.dropped + Math.max(0, there - got);
    const ended = endedWithoutOutput(end.end, this.#options.wall(), end.message);
    return {
      ...ended,
      exitCode: end.exitCode,
      signal: end.signal,
      startedAtMs: readStart(this.#options.entry.folder)?.startedAtMs ?? 0,
      stdoutDropped: dropped(stdout, end.stdout, read.stdout) + end.stdoutDropped,
      stderrDropped: dropped(stderr, end.stderr, read.stderr) + end.stderrDropped,
      message: end.message || stdout.failure || stderr.failure,
    };
  }

  /** A disk that is full here costs the archive, not the script's end. */
  async #collect(talk: RemoteTalk, { artefacts }: Task, record: ExitRecord): Promise<void> {
    if (artefacts.length === 0) return;
    writeDurably(this.#file("over"), JSON.stringify(record));
    this.#stopCollecting = false;
    try {
      const collected = await collectThere(talk, artefacts, this.#file(taskFiles.artefacts), () => this.#stopCollecting);
      writeCollected(this.#options.entry.folder, collected);
    } catch (error) {
      if (error instanceof TalkCut) throw error;
      record.message ||= `Nothing was collected: ${reasonOf(error)}.`;
    }
  }

  /** All of it is here. Only then it may be removed there. */
  async #fetched(talk: RemoteTalk, record: ExitRecord): Promise<void> {
    writeDurably(this.#file("fetched"), JSON.stringify(record));
    this.#isFetched = true;
    await this.#tidy(talk);
  }

  async #tidy(talk: RemoteTalk): Promise<void> {
    await talk.say("forget\n");
    await talk.answer();
    this.#tidied();
  }

  /** It was not reached again. */
  #giveUp(): void {
    const over = readIfThere(this.#file("over"));
    if (over === null) {
      this.#finish("lost", "The neighbour was not reached again; what the script did is not known.");
      return;
    }
    const record = parseExitRecord(over.toString());
    this.#settle({ ...record, message: record.message || "Nothing was collected: the neighbour was not reached again." });
  }

  /** The folder there is gone, or it is not worth more tries. */
  #tidied(): void {
    const fetched = readIfThere(this.#file("fetched"));
    if (fetched !== null) this.#settle(parseExitRecord(fetched.toString()));
  }

  #openOutputs(task: Task, secrets: string[]): Outputs {
    if (this.#outputs !== null) return this.#outputs;
    // What is hidden is of another length than what was printed, so with secrets all of it is read again.
    const again = task.secrets.length > 0;
    const open = (name: string): OutputFile =>
      new OutputFile(this.#file(name), { bytesMax: task.outputBytesMax, secrets, again });
    const [stdout, stderr] = [open(taskFiles.stdout), open(taskFiles.stderr)];
    const read = again ? { stdout: 0, stderr: 0 } : { stdout: stdout.kept, stderr: stderr.kept };
    this.#outputs = { stdout, stderr, read };
    return this.#outputs;
  }

  /** The conversation ended before it should have. */
  #cut(error: unknown): void {
    this.#talk?.close();
    this.#talk = null;
    if (this.#end !== null) return;
    if (!(error instanceof TalkCut) && this.#sentAt === null)
      this.#finish("spawn-failed", `This host could not do it: ${reasonOf(error)}.`);
    else this.#again(refused("closed", error instanceof TalkCut ? error.message : "This host could not go on."));
  }

  #notIn(outcome: Outcome): Outcome {
    if (this.#end === null) this.#again(outcome);
    return outcome;
  }

  #again({ code, message }: Outcome): void {
    this.#tries += 1;
    if (this.#isFetched && this.#tries >= triesMax) this.#tidied();
    else if (this.#sentAt === null && (this.#stop !== null || !passing.has(code) || this.#tries >= triesMax))
      this.#finish(this.#stop !== null ? "stopped" : refusals.has(code) ? "refused" : "unreachable", message);
    else this.#pause();
  }

  #pause(): void {
    this.#release();
    this.#state = "waiting";
    this.#stopTold = false;
    const wait = Math.min(pauseMs.last, pauseMs.first * 2 ** Math.min(Math.max(0, this.#tries - 1), 10));
    this.#options.needs.again(performance.now(), wait);
  }

  #ask(): void {
    this.#holdsPlace ||= this.#options.places.take(this.#address);
    if (this.#holdsPlace) this.#options.needs.ask(performance.now());
  }

  /** Waits, unless somebody wants the script stopped. */
  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#unpause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #finish(end: ExitEnd, message: string): void {
    const startedAtMs = readStart(this.#options.entry.folder)?.startedAtMs ?? 0;
    this.#settle({ ...endedWithoutOutput(end, this.#options.wall(), message), startedAtMs });
  }

  #settle(exit: ExitRecord): void {
    this.#end ??= exit;
    this.#state = "ended";
    this.#release();
  }

  #release(): void {
    this.#talk?.close();
    this.#talk = null;
    if (this.#holdsPlace) this.#options.places.give(this.#address);
    this.#holdsPlace = false;
    if (this.#closed || this.#end !== null) {
      this.#outputs?.stdout.close();
      this.#outputs?.stderr.close();
      this.#outputs = null;
    }
  }

  /** On disk before anything is sent. */
  #noteSent(boot: string): void {
    writeDurably(this.#file("sent"), boot);
    this.#sentAt = performance.now();
  }

  #noteStart(): void {
    const { entry, wall } = this.#options;
    if (readStart(entry.folder) === null) writeStart(entry.folder, { mark: "", startedAtMs: wall() });
  }

  #read(): Task {
    this.#task ??= parseTask(fs.readFileSync(this.#file(taskFiles.task), "utf8"));
    return this.#task;
  }

  #file(name: string): string {
    return path.join(this.#options.entry.folder, name);
  }
}

/** What ulimit(1) counts, 512 bytes each, and some more: the last that is kept is cut here, and some shells count double. */
const blocksFor = (bytes: number): number => Math.ceil(bytes / 512) + 2_048;

// Files of an execution on a neighbour, over SSH: in pieces that are answered, from where the neighbour has them, over as many connections as that takes.
//
//   idle ──place()──► waiting ──hub equips──► connecting ──let in──► talking ──close()──► closed
//                        ▲                        │                     │
//                        └──────── a pause ───────┴───────── cut ───────┘
import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { scriptFilePrefix } from "@sallyport/protocol/script-files";
import type { wire } from "@sallyport/protocol/wire";
import type { FileToPlace } from "../files/file-to-place.ts";
import { NotPlaced } from "../files/not-placed.ts";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import type { Neighbours } from "../ssh/neighbours.ts";
import { draftOf } from "./draft-name.ts";
import type { HubNeeds } from "./hub-needs.ts";
import type { Journalled } from "./journal.ts";
import type { Placed } from "./placed-record.ts";
import { NotReached, type Placer, refusals } from "./placer.ts";
import type { Places } from "./places.ts";
import { printable } from "./remote-answer.ts";
import { pieceBytes, remoteFilesProgram } from "./remote-files-program.ts";
import { oneLine, remoteCommand } from "./remote-program.ts";
import { RemoteTalk, TalkCut } from "./remote-talk.ts";
import { type ExecutionKey, type NeighbourName, neighbourNameOf } from "./run-order.ts";

/** Before anything came there; a network that hiccups is not the end. What the host itself refuses is, at once. */
const triesMax = 3;
const passing: ReadonlySet<string> = new Set(["timeout", "unreachable", "connection-refused", "closed", "name-unknown"]);

/** Between two tries: a second, two, four … half a minute. */
const pauseMs = { first: 1_000, last: 30_000 };

/** Without one more piece for so long, it is given up. As long as a script on a neighbour is looked for. */
const stillMs = 10 * 60_000;

/** A host that reads two gibibytes to compare them: a small one reads a few megabytes a second. */
const hashingMs = 10 * 60_000;
/** Somebody waits for the end of what he stopped. */
const dropMs = 5_000;

export type NeighbourFilesOptions = {
  entry: Journalled;
  neighbour: NeighbourName;
  neighbours: Neighbours;
  needs: HubNeeds;
  places: Places;
};

export class NeighbourFiles implements Placer {
  readonly goesOn = true;
  readonly #options: NeighbourFilesOptions;
  readonly #address: string;
  #talk: RemoteTalk | null = null;
  #waiting: PromiseWithResolvers<RemoteTalk> | null = null;
  #connecting = false;
  #holdsPlace = false;
  #tries = 0;
  /** Monotonic, ms. Null: nothing has come there yet. */
  #movedAt: number | null = null;
  #closed = false;

  constructor(options: NeighbourFilesOptions) {
    this.#options = options;
    this.#address = `${options.neighbour.host}:${options.neighbour.port}`;
  }

  async place(content: FileHandle, n: number, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Placed> {
    const { entry } = this.#options;
    const file = entry.files[n];
    if (file === undefined) throw new RangeError(`no file ${n}`);
    for (;;) {
      const talk = await this.#way(signal);
      try {
        return await this.#placeOver(talk, content, file, { draft: draftOf(entry, n), onBytes, signal });
      } catch (error) {
        if (signal.aborted || error instanceof NotPlaced) await drop(talk, entry);
        signal.throwIfAborted();
        if (!(error instanceof TalkCut)) throw error;
        this.#cut(error.message);
      }
    }
  }

  look(): void {
    if (this.#waiting === null || this.#connecting) return;
    this.#holdsPlace ||= this.#options.places.take(this.#address);
    if (this.#holdsPlace) this.#options.needs.ask(performance.now());
  }

  async equip(sequence: number, { ssh }: wire.EquipRun.$Properties): Promise<Outcome> {
    const { entry, neighbour, neighbours, needs } = this.#options;
    if (!needs.answered() || this.#waiting === null || this.#connecting || this.#closed)
      return refused("policy", "Nothing of this execution waits for it.");
    const named = ssh ? neighbourNameOf(ssh) : null;
    if (
      !ssh ||
      ssh.su ||
      named?.host !== neighbour.host ||
      named.port !== neighbour.port ||
      named.username !== neighbour.username
    )
      return this.#notIn(refused("policy", "The way in leads to another neighbour, or another account, than the files are for."));
    this.#connecting = true;
    const opened = await neighbours.open({ sequence, subjectId: entry.executionId, ssh }, () => ({
      command: remoteCommand,
      pty: null,
    }));
    this.#connecting = false;
    if (!opened.ok) return this.#notIn(opened.outcome);
    const talk = new RemoteTalk(opened, randomBytes(12).toString("hex"), remoteFilesProgram);
    if (this.#closed || this.#waiting === null) {
      talk.close();
      return refused("policy", "Nobody waits for these files any more.");
    }
    void this.#greet(talk);
    return accepted;
  }

  lacks(final: boolean, why: string): void {
    if (!this.#options.needs.waiting) return;
    if (final) this.#giveUp(new NotReached(why, { refused: true }));
    else this.#pause();
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  async #greet(talk: RemoteTalk): Promise<void> {
    try {
      await talk.say(`${talk.nonce}\n`);
      if ((await talk.answer())[0] !== "hello") throw talk.nonsense();
      this.#talk = talk;
      this.#waiting?.resolve(talk);
      this.#waiting = null;
    } catch (error) {
      talk.close();
      this.#notIn(refused("closed", error instanceof Error ? error.message : "The connection was cut."));
    }
  }

  async #placeOver(
    talk: RemoteTalk,
    content: FileHandle,
    file: FileToPlace,
    { draft, onBytes, signal }: { draft: string; onBytes: (bytes: number) => void; signal: AbortSignal },
  ): Promise<Placed> {
    const values = [draft, file.path, file.mode.toString(8), file.owner, file.group, file.keep ? 1 : 0, file.size, file.sha256];
    await talk.say(["place", ...values.map((value) => oneLine(String(value)))].map((line) => `${line}\n`).join(""));
    const [kind, word = ""] = await answerOf(talk, file, hashingMs);
    if (kind === "kept") return { state: "kept", unchecked: false };
    if (kind === "unchanged") return { state: "unchanged", unchecked: false };
    const from = Number(word);
    if (kind !== "have" || !Number.isSafeInteger(from) || from < 0 || from > file.size) throw talk.nonsense();
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, file.size)));
    for (let at = from; at < file.size; ) {
      const { bytesRead } = await content.read(buffer, 0, Math.min(pieceBytes, file.size - at), at);
      if (bytesRead === 0) throw new NotPlaced("This agent's copy of the file has become shorter.");
      await talk.say(`piece ${bytesRead}\n`, buffer.subarray(0, bytesRead));
      if ((await answerOf(talk, file))[0] !== "got") throw talk.nonsense();
      signal.throwIfAborted();
      at += bytesRead;
      this.#tries = 0;
      this.#movedAt = performance.now();
      onBytes(at);
    }
    await talk.say("finish\n");
    const [placed, checked] = await answerOf(talk, file, hashingMs);
    if (placed !== "placed") throw talk.nonsense();
    return { state: "new", unchecked: checked !== "1" };
  }

  /** A conversation that stands, as soon as there is one. */
  #way(signal: AbortSignal): Promise<RemoteTalk> {
    signal.throwIfAborted();
    if (this.#talk !== null) return Promise.resolve(this.#talk);
    this.#waiting ??= Promise.withResolvers<RemoteTalk>();
    const { promise, reject } = this.#waiting;
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  #cut(why: string): void {
    this.#talk?.close();
    this.#talk = null;
    this.#waiting ??= Promise.withResolvers<RemoteTalk>();
    this.#waiting.promise.catch(() => {}); // whoever waits next hears it
    this.#notIn(refused("closed", why));
  }

  #notIn(outcome: Outcome): Outcome {
    this.#tries += 1;
    const now = performance.now();
    const gone = this.#movedAt === null ? this.#tries >= triesMax : now - this.#movedAt > stillMs;
    if (gone || (this.#movedAt === null && !passing.has(outcome.code)))
      this.#giveUp(
        this.#movedAt === null
          ? new NotReached(outcome.message, { refused: refusals.has(outcome.code) })
          : new NotPlaced(outcome.message),
      );
    else this.#pause();
    return outcome;
  }

  #pause(): void {
    if (this.#holdsPlace) this.#options.places.give(this.#address);
    this.#holdsPlace = false;
    const wait = Math.min(pauseMs.last, pauseMs.first * 2 ** Math.min(Math.max(0, this.#tries - 1), 10));
    this.#options.needs.again(performance.now(), wait);
  }

  #giveUp(error: Error): void {
    this.#waiting?.reject(error);
    this.#release();
  }

  #release(): void {
    this.#talk?.close();
    this.#talk = null;
    if (this.#holdsPlace) this.#options.places.give(this.#address);
    this.#holdsPlace = false;
  }
}

/** @throws NotPlaced for one that says why not, TalkCut. */
async function answerOf(talk: RemoteTalk, file: FileToPlace, patienceMs?: number): Promise<string[]> {
  const words = await talk.answer(patienceMs);
  const [kind, why = "", free = ""] = words;
  if (kind === "failed") throw new NotPlaced(sentenceOf(why, free, file));
  return words;
}

/** No script comes after it: what has come there for it is removed, if it can still be reached. */
async function drop(talk: RemoteTalk, key: ExecutionKey): Promise<void> {
  try {
    await talk.say(`drop ${scriptFilePrefix(key)}\n`);
    await talk.answer(dropMs);
  } catch (error) {
    if (!(error instanceof TalkCut)) throw error;
  } finally {
    talk.close();
  }
}

/** @param free kibibytes, where the neighbour said how many. */
function sentenceOf(why: string, free: string, { path, owner, group, size }: FileToPlace): string {
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  switch (why) {
    case "no-folder":
      return `There is no folder ${folder}.`;
    case "not-folder":
      return `${folder} is not a folder.`;
    case "link":
      return `${path} is a symbolic link, which is not followed and not replaced.`;
    case "folder":
      return `${path} is a folder.`;
    case "special":
      return `${path} is neither a file nor a folder.`;
    case "no-account":
      return `That host knows no account ${owner}.`;
    case "no-group":
      return `That host knows no group ${group}.`;
    case "not-root":
      return `The login there may not give ${path} to ${[owner, group].filter(Boolean).join(":")}.`;
    case "denied":
      return `The login there may not write ${path}, or its file system is read-only.`;
    case "no-room":
      return `No room in ${folder}: ${size} bytes are needed${/^\d+$/.test(free) ? `, ${Number(free) * 1_024} are free` : ""}.`;
    case "changed":
      return "What came there is not the file that the order names: its SHA-256 differs. It was removed.";
    default:
      return `${path} could not be written there: ${printable(why)}.`;
  }
}

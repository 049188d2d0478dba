// The archive: closed logs go to an object store, and come back when somebody wants to see them. Open logs lie on the hub's disk alone.
//
//   closed ──► stored ──► local copy given up ──► fetched again when read
//                 │                                        │
//                 └────────── removed by retention ◄───────┘
//
// The files are the only memory. Beside `….log` lies `….log.stored` once the store has it (its bytes and SHA-256), and `….log.doomed` while an object is
// still to be removed. So a hub that dies at any moment goes on where it was: a log without a note is stored, again if need be.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { HubError } from "../platform/errors.ts";
import { writeFileWhole } from "../platform/files.ts";
import { checkpointOf, doomedNoteOf, logEntries, logFileOf, storedNoteOf } from "./log-places.ts";
import { type ObjectStore, ObjectStoreError, type StoredLog } from "./object-store.ts";

/** Tries after a failure, doubling: a store that restarts is back soon, one that is gone is not hammered. */
const firstRetryMs = 1_000;
const lastRetryMs = 60_000;
/** A copy that was asked for this lately may be about to be opened. */
const inUseMs = 60_000;
/** Local copies are given up oldest first down to this share of the cap, so that it is not done for each new log. */
const keepShare = 0.9;

const noteShape = z.object({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

export type ArchiveState = {
  place: string;
  /** Closed logs that are not stored yet. */
  waiting: number;
  /** Why the last try failed; null when it did not. */
  failure: string | null;
};

export type ArchiveOptions = {
  store: ObjectStore;
  /** Of logs that the store has too. */
  cacheBytesMax: number;
  /** It began to fail, fails otherwise, or is well again. */
  onState(state: ArchiveState): void;
};

export class Archive {
  readonly #dataDir: string;
  readonly #store: ObjectStore;
  readonly #cacheBytesMax: number;
  readonly #isOpen: (id: string) => boolean;
  readonly #onState: (state: ArchiveState) => void;
  readonly #fetching = new Map<string, Promise<void>>();
  #work: Promise<void> | null = null;
  /** Ids whose log is to be stored, or whose object removed. What the files say, gathered so that they are not all asked each time. */
  #due = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #retryMs = firstRetryMs;
  #checked = false;
  #closed = false;
  #failure: string | null = null;

  /** @param options.isOpen true for a log that this process writes. */
  constructor(options: ArchiveOptions & { dataDir: string; isOpen(id: string): boolean }) {
    this.#dataDir = options.dataDir;
    this.#store = options.store;
    this.#cacheBytesMax = options.cacheBytesMax;
    this.#isOpen = options.isOpen;
    this.#onState = options.onState;
  }

  get state(): ArchiveState {
    return { place: this.#store.place, waiting: this.#due.size, failure: this.#failure };
  }

  /** Finds what an earlier process left to do. */
  async start(): Promise<void> {
    for await (const { id, has } of logEntries(this.#dataDir))
      if (has.doomed || (has.log && !has.stored && !has.open)) this.#due.add(id);
    this.#begin();
  }

  /** A log was closed. */
  take(id: string): void {
    this.#due.add(id);
    this.#begin();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#work;
  }

  /**
   * Makes sure that the log's file is here. Whether it is what was written is for its chain and its head to say.
   * @throws HubError `storage-unreachable` when the store does not give it now.
   */
  async fetch(id: string): Promise<void> {
    const file = logFileOf(this.#dataDir, id);
    if (existsSync(file)) {
      const now = new Date();
      await utimes(file, now, now).catch(() => {}); // seen lately: not the next to be given up
      return;
    }
    const running = this.#fetching.get(id) ?? this.#fetch(id, file).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, running);
    await running;
  }

  /** Forgets a log. The object goes now, or when the store can be reached. */
  async remove(id: string): Promise<void> {
    const file = logFileOf(this.#dataDir, id);
    if (!existsSync(storedNoteOf(file))) return;
    await rename(storedNoteOf(file), doomedNoteOf(file));
    this.take(id);
  }

  /** Local copies beyond the cap. @param all every one that can be given up: the disk is full. */
  async makeRoom({ all }: { all: boolean }): Promise<void> {
    const copies: { file: string; bytes: number; usedMs: number }[] = [];
    for await (const { file, has } of logEntries(this.#dataDir)) {
      if (!has.log || !has.stored) continue;
      const found = await stat(file).catch(() => null);
      if (found !== null) copies.push({ file, bytes: found.size, usedMs: found.mtimeMs });
    }
    let total = copies.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!all && total <= this.#cacheBytesMax) return;
    const keep = all ? 0 : this.#cacheBytesMax * keepShare;
    for (const { file, bytes, usedMs } of copies.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= keep || usedMs > Date.now() - inUseMs) break;
      await rm(file, { force: true });
      total -= bytes;
    }
  }

  /** One after the other: a store is filled as fast by one connection, and the hub's disk has others to serve. */
  #begin(): void {
    const idle = this.#due.size === 0 && this.#checked;
    if (this.#closed || idle || this.#work !== null || this.#timer !== null) return;
    this.#work = this.#run().finally(() => {
      this.#work = null;
      this.#begin();
    });
  }

  async #run(): Promise<void> {
    try {
      if (!this.#checked) await this.#store.check(); // a wrong bucket or key is said at the start, not after the first session
      this.#checked = true;
      this.#wellAgain();
      for (const id of this.#due) {
        if (this.#closed) return;
        await this.#settle(id, logFileOf(this.#dataDir, id));
        this.#due.delete(id);
        this.#wellAgain();
      }
      await this.makeRoom({ all: false });
    } catch (error) {
      const before = this.#failure;
      this.#failure = error instanceof ObjectStoreError ? error.message : `unexpected: ${String(error).slice(0, 200)}`;
      if (this.#failure !== before) this.#onState(this.state);
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#begin();
      }, this.#retryMs).unref();
      this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
    }
  }

  #wellAgain(): void {
    const failed = this.#failure !== null;
    this.#failure = null;
    this.#retryMs = firstRetryMs;
    if (failed) this.#onState(this.state);
  }

  async #settle(id: string, file: string): Promise<void> {
    if (existsSync(doomedNoteOf(file))) {
      await this.#store.remove(keyOf(id));
      await rm(doomedNoteOf(file), { force: true });
    }
    const isClosed = existsSync(file) && !existsSync(checkpointOf(file)) && !this.#isOpen(id);
    if (!isClosed || existsSync(storedNoteOf(file))) return;
    const { size, mtime } = await stat(file);
    const note: StoredLog = { bytes: size, sha256: await sha256Of(file) };
    await this.#store.put(keyOf(id), file, note);
    writeFileWhole(storedNoteOf(file), `${JSON.stringify(note)}\n`);
    await utimes(storedNoteOf(file), mtime, mtime); // as old as the log: retention looks at it when the copy is gone
    if (!existsSync(file)) await this.remove(id); // retention was quicker
  }

  async #fetch(id: string, file: string): Promise<void> {
    const note = readNote(storedNoteOf(file));
    if (note === null) throw new HubError("log-damaged", "What was noted of the stored recording cannot be read.");
    const arriving = `${file}.arriving`;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    try {
      await this.#store.get(keyOf(id), arriving, note);
      await rename(arriving, file);
    } catch (error) {
      await rm(arriving, { force: true });
      if (!(error instanceof ObjectStoreError)) throw error;
      if (error.missing)
        throw new HubError("log-damaged", "The recording is not in the object store any more: somebody removed it there.", {
          cause: error,
        });
      throw new HubError(
        "storage-unreachable",
        "The recording is in the object store, which does not answer now. Try again in a moment.",
        { cause: error },
      );
    }
    await this.makeRoom({ all: false });
  }
}

/** The same folders as on disk, so that a bucket can be copied back as it is. */
const keyOf = (id: string): string => `${id.slice(0, 8)}/${id}.log`;

async function sha256Of(file: string): Promise<string> {
  const sha256 = createHash("sha256");
  await pipeline(createReadStream(file), sha256);
  return sha256.digest("hex");
}

function readNote(file: string): StoredLog | null {
  try {
    return noteShape.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

// Logs: append-only, hash-chained byte logs on disk, and in an object store once they are closed, if there is one. Nobody outside of this room
// knows which. Knows nothing of sessions or runs; they only name their logs.
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { HubError } from "../platform/errors.ts";
import { loadEvidenceKey } from "../platform/evidence-key.ts";
import { Archive, type ArchiveOptions, type ArchiveState } from "./archive.ts";
import { LogFile, type LogHeader } from "./log-file.ts";
import { checkpointOf, keyframesOf, type LogKind, logFileOf, logsFolder, storedNoteOf } from "./log-places.ts";
import { LogWriter, type LogWriterEvents } from "./log-writer.ts";
import { logsUntouchedSince } from "./old-logs.ts";
import { HeadSigner } from "./signed-head.ts";
import { StorageRoom } from "./storage-room.ts";
import { type Verdict, verifyLog } from "./verify-log.ts";

/** On a full disk, copies of stored logs are given up; looking for them reads every folder. */
const makeRoomEveryMs = 10_000;

export class LogStore {
  readonly #dataDir: string;
  readonly #root: string;
  readonly #signer: HeadSigner;
  /** Asked before a row is written for what will need a log; looked at again every second by a job. */
  readonly room: StorageRoom;
  /** Logs this process is writing: nobody else may cut or close them. */
  readonly #writing = new Set<string>();
  readonly #archive: Archive | null;
  #roomMadeAt = Number.NEGATIVE_INFINITY;

  /** @param archive where closed logs go; null: they stay here, all. */
  constructor(dataDir: string, archive: ArchiveOptions | null = null) {
    this.#dataDir = dataDir;
    this.#root = logsFolder(dataDir);
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    this.#signer = new HeadSigner(loadEvidenceKey(dataDir));
    this.room = new StorageRoom(dataDir);
    this.#archive = archive === null ? null : new Archive({ dataDir, ...archive, isOpen: (id) => this.#writing.has(id) });
  }

  /** Takes up what an earlier process left to store. */
  async start(): Promise<void> {
    await this.#archive?.start();
  }

  async close(): Promise<void> {
    await this.#archive?.close();
  }

  /** Null without an object store. */
  get archive(): ArchiveState | null {
    return this.#archive?.state ?? null;
  }

  /** Every second. @param keepReserve when a database shares the disk. */
  async refreshRoom(keepReserve: boolean): Promise<void> {
    await this.room.refresh(keepReserve);
    if (this.room.state === "ok" || performance.now() - this.#roomMadeAt < makeRoomEveryMs) return;
    this.#roomMadeAt = performance.now();
    await this.#archive?.makeRoom({ all: true });
  }

  /** @throws HubError `storage-full` while there is no room to record. */
  async create(id: string, header: Omit<LogHeader, "id">, events: LogWriterEvents): Promise<LogWriter> {
    this.room.assertMayBegin();
    const file = this.fileOf(id);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return this.#hold(id, () => LogWriter.create(file, { ...header, id }, events, this.#signer, this.room));
  }

  /** @throws HubError `conflict` while it is being written, or closed: two writers would destroy it. */
  reopen(id: string, events: LogWriterEvents): Promise<LogWriter> {
    return this.#hold(id, () => LogWriter.reopen(this.fileOf(id), events, this.#signer, this.room));
  }

  async #hold(id: string, begin: () => Promise<LogWriter>): Promise<LogWriter> {
    if (this.#writing.has(id)) throw new HubError("conflict", `The recording of ${id} is being written.`);
    this.#writing.add(id);
    try {
      const writer = await begin();
      void writer.gone.then(() => {
        this.#writing.delete(id);
        this.#archive?.take(id);
      });
      return writer;
    } catch (error) {
      this.#writing.delete(id);
      throw error;
    }
  }

  async open(id: string): Promise<LogFile> {
    return LogFile.open(await this.localFile(id));
  }

  exists(id: string): boolean {
    const file = this.fileOf(id);
    return existsSync(file) || (this.#archive !== null && existsSync(storedNoteOf(file)));
  }

  /** @param head noted when it was closed, hex; null when it was not. */
  async verify(id: string, head: string | null): Promise<Verdict> {
    return verifyLog(await this.localFile(id), { id, head, publicKey: this.#signer.publicKey });
  }

  /** Its file, here for at least a minute. @throws HubError `storage-unreachable` while only the object store has it, and does not answer. */
  async localFile(id: string): Promise<string> {
    await this.#archive?.fetch(id);
    return this.fileOf(id);
  }

  /**
   * Closes a log whose writer died with an earlier process, with a signed head.
   * @returns its hash, hex; null when there is no such log, or it is being written.
   */
  async seal(id: string): Promise<string | null> {
    if (!existsSync(this.fileOf(id)) || this.#writing.has(id)) return null;
    const log = await this.reopen(id, { onDurable: () => {}, onFailure: () => {} });
    await log.close();
    return log.head;
  }

  untouchedSince(kind: LogKind, beforeMs: number): AsyncGenerator<string> {
    return logsUntouchedSince(this.#dataDir, kind, beforeMs);
  }

  async remove(id: string): Promise<void> {
    const file = this.fileOf(id);
    for (const each of [file, checkpointOf(file), keyframesOf(file)]) await rm(each, { force: true });
    await this.#archive?.remove(id);
  }

  /** Where its file is, or would be. */
  fileOf(id: string): string {
    return logFileOf(this.#dataDir, id);
  }
}

// Logs: where they lie. Append-only, hash-chained byte logs on disk. Knows nothing of sessions or runs; they only name their logs.
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { HubError } from "../platform/errors.ts";
import { loadHeadSigner } from "./evidence-key.ts";
import { LogFile, type LogHeader } from "./log-file.ts";
import { logFileOf, logsFolder } from "./log-places.ts";
import { checkpointOf, LogWriter, type LogWriterEvents } from "./log-writer.ts";
import { logsUntouchedSince } from "./old-logs.ts";
import type { HeadSigner } from "./signed-head.ts";
import { StorageRoom } from "./storage-room.ts";
import { type Verdict, verifyLog } from "./verify-log.ts";

export class LogStore {
  readonly #dataDir: string;
  readonly #root: string;
  readonly #signer: HeadSigner;
  /** Asked before a row is written for what will need a log; looked at again every second by a job. */
  readonly room: StorageRoom;
  /** Logs this process is writing: nobody else may cut or close them. */
  readonly #writing = new Set<string>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#root = logsFolder(dataDir);
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    this.#signer = loadHeadSigner(dataDir);
    this.room = new StorageRoom(dataDir);
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
      void writer.gone.then(() => this.#writing.delete(id));
      return writer;
    } catch (error) {
      this.#writing.delete(id);
      throw error;
    }
  }

  open(id: string): Promise<LogFile> {
    return LogFile.open(this.fileOf(id));
  }

  exists(id: string): boolean {
    return existsSync(this.fileOf(id));
  }

  /** @param head noted when it was closed, hex; null when it was not. */
  verify(id: string, head: string | null): Promise<Verdict> {
    return verifyLog(this.fileOf(id), { id, head, publicKey: this.#signer.publicKey });
  }

  /**
   * Closes a log whose writer died with an earlier process, with a signed head.
   * @returns its hash, hex; null when there is no such log, or it is being written.
   */
  async seal(id: string): Promise<string | null> {
    if (!this.exists(id) || this.#writing.has(id)) return null;
    const log = await this.reopen(id, { onDurable: () => {}, onFailure: () => {} });
    await log.close();
    return log.head;
  }

  untouchedSince(kind: "ses" | "exe", beforeMs: number): AsyncGenerator<string> {
    return logsUntouchedSince(this.#dataDir, kind, beforeMs);
  }

  async remove(id: string): Promise<void> {
    for (const file of [this.fileOf(id), checkpointOf(this.fileOf(id))]) await rm(file, { force: true });
  }

  fileOf(id: string): string {
    return logFileOf(this.#dataDir, id);
  }
}

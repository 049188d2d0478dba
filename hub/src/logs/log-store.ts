// Logs: where they lie. Append-only, hash-chained byte logs on disk. Knows nothing of sessions or runs; they only name their logs.
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { isId } from "@sallyport/protocol/ids";
import { HubError } from "../platform/errors.ts";
import { LogFile, type LogHeader } from "./log-file.ts";
import { LogWriter, type LogWriterEvents } from "./log-writer.ts";

/** New logs are refused below this, so that running ones and the database can still close in order. */
const reserveBytes = 100 * 1024 * 1024;

export class LogStore {
  readonly #root: string;

  constructor(dataDir: string) {
    this.#root = path.join(dataDir, "logs");
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
  }

  /** @throws HubError `storage-full` while there is no room to record. */
  async create(id: string, header: Omit<LogHeader, "id">, events: LogWriterEvents): Promise<LogWriter> {
    const { bavail, bsize } = statfsSync(this.#root);
    if (bavail * bsize < reserveBytes)
      throw new HubError(
        "storage-full",
        "There is no room to record: the hub's disk is full. Free some space; nothing needs a restart.",
      );
    const file = this.fileOf(id);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return LogWriter.create(file, { id, ...header }, events);
  }

  reopen(id: string, events: LogWriterEvents): Promise<LogWriter> {
    return LogWriter.reopen(this.fileOf(id), events);
  }

  open(id: string): Promise<LogFile> {
    return LogFile.open(this.fileOf(id));
  }

  exists(id: string): boolean {
    return existsSync(this.fileOf(id));
  }

  async remove(id: string): Promise<void> {
    await rm(this.fileOf(id), { force: true });
  }

  /** Ids are checked here again: no text from outside becomes a path. Their first characters are the time, so folders fill one after another. */
  fileOf(id: string): string {
    if (!isId("ses", id) && !isId("exe", id)) throw new HubError("internal", "Not the id of a log.");
    return path.join(this.#root, id.slice(0, 8), `${id}.log`);
  }
}

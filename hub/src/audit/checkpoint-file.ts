// The file `audit/checkpoints` of the data folder: every checkpoint, one line each, only ever added. It outlives the database: when an older one is
// restored, the file knows of more than that holds. About 350 bytes a checkpoint, at most one a minute and organisation: some 180 MB in a busy year.
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { makePrivateFolder, syncFolder } from "../platform/files.ts";
import { type Checkpoint, checkpointLineBytesMax, formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";

export const checkpointFile = (dataDir: string): string => path.join(dataDir, "audit", "checkpoints");

/** What is looked at when the hub starts; the whole file is for the verifier. */
const newestBytes = 256 * 1_024;

export class CheckpointFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Ready to be added to. Half a line at its end, from a crash in the middle of a write, was never relied on and goes. */
  static async open(dataDir: string): Promise<CheckpointFile> {
    const file = checkpointFile(dataDir);
    makePrivateFolder(path.dirname(file));
    const isNew = !existsSync(file);
    const handle = await open(file, isNew ? "wx+" : "r+", 0o600);
    try {
      if (isNew) syncFolder(path.dirname(file));
      await dropHalfLine(handle);
      return new CheckpointFile(handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The lines are on the disk when this resolves. */
  async append(checkpoints: readonly Checkpoint[]): Promise<void> {
    const { size } = await this.#handle.stat();
    await this.#handle.write(Buffer.from(checkpoints.map(formatCheckpoint).join("")), 0, null, size);
    await this.#handle.datasync();
  }

  /** Those at its end, oldest first: a few hundred, at least one of each organisation that was busy lately. */
  async newest(): Promise<Checkpoint[]> {
    const { size } = await this.#handle.stat();
    const tail = Buffer.alloc(Math.min(size, newestBytes));
    await this.#handle.read(tail, 0, tail.length, size - tail.length);
    return tail
      .toString()
      .split("\n")
      .flatMap((line) => parseCheckpoint(line) ?? []);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function dropHalfLine(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(Math.min(size, checkpointLineBytesMax));
  await handle.read(tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf("\n") + 1;
  // Without any line's end in reach it is not a torn line, and not ours to cut.
  if (end === tail.length || (end === 0 && size > tail.length)) return;
  await handle.truncate(size - tail.length + end);
  await handle.sync();
}

/** `end`: bytes of the file up to the end of this line. */
export type CheckpointLine = { line: number; end: number; checkpoint: Checkpoint | null };

/** Every line, flat in memory: null for one that is no checkpoint. A last line without its end is a write that a crash cut, and is left out. */
export async function* readCheckpointLines(file: string): AsyncGenerator<CheckpointLine> {
  let rest = "";
  let line = 0;
  let end = 0;
  for await (const part of createReadStream(file, { encoding: "utf8" })) {
    rest += String(part);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      end += Buffer.byteLength(text) + 1;
      yield { line: ++line, end, checkpoint: parseCheckpoint(text) };
    }
    // A file without any line's end is not read into memory.
    if (rest.length > checkpointLineBytesMax) {
      yield { line: line + 1, end, checkpoint: null };
      return;
    }
  }
}

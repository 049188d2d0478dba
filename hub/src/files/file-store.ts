// The bytes of kept files: one file each in the data folder, `<id>.part` until all of it is there. Knows nothing of who may.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { syncFolder } from "../platform/files.ts";

/** Between two moments at which what came is made safe: a cut upload costs at most so much again. */
const syncBytes = 16 * 1024 * 1024;

const idPattern = /^(fil_[0-9a-z]+)(\.part)?$/;

/** Held by whoever writes an upload; `signal` says that its sender has come again and this one is to leave. */
export type Hold = { signal: AbortSignal; release(): void };

export class FileStore {
  readonly #folder: string;
  readonly #writing = new Map<string, { leave: AbortController; left: Promise<void> }>();

  constructor(dataDir: string) {
    this.#folder = path.join(dataDir, "files");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  isHeld(id: string): boolean {
    return this.#writing.has(id);
  }

  /** One writes at a time, and the newest: an earlier connection of the same sender may hang for minutes. Resolves when that one has left. */
  async hold(id: string): Promise<Hold> {
    for (let earlier = this.#writing.get(id); earlier !== undefined; earlier = this.#writing.get(id)) {
      earlier.leave.abort();
      await earlier.left;
    }
    const leave = new AbortController();
    const { promise: left, resolve } = Promise.withResolvers<void>();
    this.#writing.set(id, { leave, left });
    const release = () => {
      this.#writing.delete(id);
      resolve();
    };
    return { signal: leave.signal, release };
  }

  /**
   * Writes what comes at `offset`, and nothing beyond `end`.
   *
   * @param onStored called with the offset up to which it survives a crash; awaited, at least once.
   * @returns where the next piece belongs; also when the sender left in the middle.
   */
  async write(
    id: string,
    piece: AsyncIterable<Buffer>,
    { offset, end, onStored }: { offset: number; end: number; onStored: (offset: number) => Promise<void> },
  ): Promise<number> {
    const file = await this.#openPart(id, offset);
    let at = offset;
    let stored = offset;
    const store = async () => {
      await file.datasync();
      stored = at;
      await onStored(at);
    };
    try {
      for await (const bytes of piece) {
        const fits = bytes.subarray(0, end - at);
        // On a disk that is nearly full one call takes only a part.
        for (let done = 0; done < fits.length; )
          done += (await file.write(fits, done, fits.length - done, at + done)).bytesWritten;
        at += fits.length;
        if (at - stored >= syncBytes) await store();
        if (fits.length < bytes.length) break;
      }
    } finally {
      // What came before the sender left counts.
      await store().finally(() => file.close());
    }
    return at;
  }

  /** SHA-256 of what has come so far, hex. */
  async hash(id: string): Promise<string> {
    const hash = createHash("sha256");
    const reading = createReadStream(this.#part(id), { highWaterMark: 1024 * 1024 });
    await pipeline(reading, hash);
    return hash.digest("hex");
  }

  /** All of it is there: from now on it can be read. Harmless when it was said before. */
  async keep(id: string): Promise<void> {
    await rename(this.#part(id), this.#whole(id)).catch(async (error: unknown) => {
      if (!existsSync(this.#whole(id))) throw error;
    });
    syncFolder(this.#folder);
  }

  /** Makes the file of an upload, so that one of no bytes is there too. */
  async begin(id: string): Promise<void> {
    await (await open(this.#part(id), "wx", 0o600)).close();
  }

  /** For reading; the caller closes it. @throws ENOENT for one that is not whole or gone. */
  openWhole(id: string): Promise<FileHandle> {
    return open(this.#whole(id), "r");
  }

  /** Bytes of a whole one, from `from` to before `to`. */
  read(id: string, from: number, to: number): Readable {
    return from === to
      ? Readable.from([])
      : createReadStream(this.#whole(id), { start: from, end: to - 1, highWaterMark: 256 * 1024 });
  }

  async remove(id: string): Promise<void> {
    await rm(this.#part(id), { force: true });
    await rm(this.#whole(id), { force: true });
  }

  /** Ids that lie here. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.#folder);
    return [...new Set(names.flatMap((name) => idPattern.exec(name)?.[1] ?? []))];
  }

  async #openPart(id: string, offset: number): Promise<FileHandle> {
    const file = await open(this.#part(id), "r+");
    try {
      await file.truncate(offset); // what came after the last safe byte may be anything
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #part(id: string): string {
    return path.join(this.#folder, `${id}.part`);
  }

  #whole(id: string): string {
    return path.join(this.#folder, id);
  }
}

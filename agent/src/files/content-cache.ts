// Contents of files by their SHA-256, so that fifty neighbours behind this agent cost one transfer. Bounded: the longest unused go first. What is
// open while it goes can still be read.
//
//   <sha256>.part, <sha256>.at   on its way; all before the offset in .at survives a crash
//   <sha256>                     all of it, compared with its name
import { createHash } from "node:crypto";
import fs, { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, statfs, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { readIfThere, syncDirectory } from "../state/files.ts";

/** Two of the largest there are. */
const cacheBytesMax = 4 * 1024 ** 3;
/** What the host's disk keeps for itself. */
const spareBytes = 64 * 1024 ** 2;
/** A transfer that nobody went on with for so long is not gone on with. */
const partKeptMs = 7 * 86_400_000;

const wholeName = /^[0-9a-f]{64}$/;

export class ContentCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** All of it, for reading; null when it is not here. The caller closes it. */
  async take(sha256: string): Promise<FileHandle | null> {
    const file = await open(this.#whole(sha256), "r").catch(() => null);
    if (file !== null) await utimes(this.#whole(sha256), new Date(), new Date()).catch(() => {});
    return file;
  }

  /** Where a transfer goes on. */
  offsetOf(sha256: string): number {
    const noted = Number(readIfThere(this.#at(sha256))?.toString() ?? 0);
    const there = fs.statSync(this.#part(sha256), { throwIfNoEntry: false })?.size ?? 0;
    return Number.isSafeInteger(noted) && noted > 0 && noted <= there ? noted : 0;
  }

  /** For writing from `offset` on. @returns null when the disk has no room for `size` bytes. */
  async openPart(sha256: string, offset: number, size: number): Promise<FileHandle | null> {
    if (!(await this.#makeRoom(size - offset))) return null;
    const file = await open(this.#part(sha256), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    await file.truncate(offset);
    return file;
  }

  /** All before `offset` has been fsynced. */
  async noteOffset(sha256: string, offset: number): Promise<void> {
    // Not fsynced itself: one that a crash made empty only begins the transfer anew.
    await writeFile(`${this.#at(sha256)}.new`, String(offset), { mode: 0o600 });
    await rename(`${this.#at(sha256)}.new`, this.#at(sha256));
  }

  /** All of it came. False: it is not what its name says, and gone. */
  async finish(sha256: string): Promise<boolean> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(this.#part(sha256), { highWaterMark: 256 * 1024 }), hash);
    const right = hash.digest("hex") === sha256;
    if (right) await rename(this.#part(sha256), this.#whole(sha256));
    else await rm(this.#part(sha256), { force: true });
    await rm(this.#at(sha256), { force: true });
    syncDirectory(this.#folder);
    return right;
  }

  /** It was not what its name says after all: a disk that forgets. */
  async drop(sha256: string): Promise<void> {
    await rm(this.#whole(sha256), { force: true });
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    const lying = fs.readdirSync(this.#folder).flatMap((name) => {
      const stat = fs.statSync(path.join(this.#folder, name), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, bytes: stat.blocks * 512, usedAt: stat.mtimeMs }];
    });
    for (const { name, usedAt } of lying)
      if (!wholeName.test(name) && usedAt < Date.now() - partKeptMs) await rm(path.join(this.#folder, name), { force: true });
    let held = lying.reduce((sum, one) => sum + one.bytes, 0);
    const oldest = lying.filter(({ name }) => wholeName.test(name)).toSorted((a, b) => a.usedAt - b.usedAt);
    while (held + bytes > cacheBytesMax || !(await this.#hasRoom(bytes))) {
      const first = oldest.shift();
      if (first === undefined) return this.#hasRoom(bytes);
      await rm(path.join(this.#folder, first.name), { force: true });
      held -= first.bytes;
    }
    return true;
  }

  async #hasRoom(bytes: number): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize >= bytes + spareBytes;
  }

  #whole(sha256: string): string {
    return path.join(this.#folder, sha256);
  }

  #part(sha256: string): string {
    return path.join(this.#folder, `${sha256}.part`);
  }

  #at(sha256: string): string {
    return path.join(this.#folder, `${sha256}.at`);
  }
}

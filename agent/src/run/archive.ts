// The archive of what an execution left behind, wherever it is collected: whole and synced under its name, or not there at all.
import fs from "node:fs";
import path from "node:path";
import { artefactBytesMax, artefactFilesMax } from "@sallyport/protocol/limits";
import { hasCode, syncDirectory } from "../state/files.ts";
import { ArtefactList, type ArtefactState, type Collected } from "./artefacts-record.ts";
import { tarBlockBytes, tarEnd, tarHead, tarPadding } from "./tar-entry.ts";

/** Copied at once; between two a stop is heard. */
const pieceBytes = 256 * 1024;

export type ArchiveOptions = { bytesMax?: number; filesMax?: number; isStopped: () => boolean };

export type FoundFile = {
  size: number;
  /** Permission bits. */
  mode: number;
  mtimeMs: number;
  /** The next bytes, at most so many; none when there are no more. */
  read(most: number): Promise<Uint8Array>;
};

export class Archive {
  readonly isStopped: () => boolean;
  readonly filesMax: number;
  readonly #file: string;
  readonly #fd: number;
  readonly #bytesMax: number;
  readonly #list = new ArtefactList();
  readonly #seen = new Set<string>();
  #bytes = 0;

  constructor(file: string, { bytesMax = artefactBytesMax, filesMax = artefactFilesMax, isStopped }: ArchiveOptions) {
    this.#file = file;
    this.#fd = fs.openSync(this.#draft, "w", 0o600);
    this.#bytesMax = bytesMax;
    this.filesMax = filesMax;
    this.isStopped = isStopped;
  }

  /** False for one that another pattern named already. @param name absolute; bytes as the host has them. */
  isNew(name: Buffer): boolean {
    const key = name.toString("latin1");
    const isNew = !this.#seen.has(key);
    this.#seen.add(key);
    return isNew;
  }

  leaveOut(name: Buffer, state: Exclude<ArtefactState, "collected">, size = 0): void {
    fs.ftruncateSync(this.#fd, this.#bytes);
    this.#list.add({ path: name.toString(), size, state });
  }

  /** As many bytes as its head says: one that shrinks meanwhile ends in zeros, one that grows is cut. What does not get in whole is not in it. */
  async add(name: Buffer, { size, mode, mtimeMs, read }: FoundFile): Promise<void> {
    const head = tarHead({ name: name.subarray(1), size, mode, mtimeMs });
    const bytes = head.length + size + tarPadding(size);
    const isBeyond = this.#seen.size > this.filesMax || this.#bytes + bytes + 2 * tarBlockBytes > this.#bytesMax;
    if (isBeyond) return this.leaveOut(name, "beyond-cap", size);
    try {
      let at = this.#bytes + this.#write(head, this.#bytes);
      const end = at + size;
      while (at < end) {
        if (this.isStopped()) return this.leaveOut(name, "stopped", size);
        const piece = await read(Math.min(pieceBytes, end - at));
        if (piece.length === 0) break;
        at += this.#write(piece, at);
      }
      fs.ftruncateSync(this.#fd, at);
      fs.ftruncateSync(this.#fd, this.#bytes + bytes); // zeros up to its end
    } catch (error) {
      if (!hasCode(error, "ENOSPC") && !hasCode(error, "EDQUOT")) throw error;
      return this.leaveOut(name, "no-room", size);
    }
    this.#bytes += bytes;
    this.#list.add({ path: name.toString(), size, state: "collected" });
  }

  finish(): Collected {
    if (this.#bytes > 0) this.#bytes += this.#write(tarEnd, this.#bytes);
    fs.fsyncSync(this.#fd);
    fs.closeSync(this.#fd);
    if (this.#bytes === 0) fs.unlinkSync(this.#draft);
    else fs.renameSync(this.#draft, this.#file);
    syncDirectory(path.dirname(this.#file));
    return this.#list.record(this.#bytes);
  }

  /** Nothing comes of it. */
  giveUp(): void {
    fs.closeSync(this.#fd);
  }

  get #draft(): string {
    return `${this.#file}.draft`;
  }

  #write(bytes: Uint8Array, at: number): number {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    return bytes.length;
  }
}

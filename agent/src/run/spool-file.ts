// A spool file as the source of a stream: read on demand, never held in memory. What the hub has stored stays on disk all the same
// until the execution is settled, since a crash of the agent begins again at the file's start.
import fs from "node:fs";
import type { ByteSource } from "@sallyport/protocol/stream/ring";
import { hasCode } from "../state/files.ts";

export class SpoolFile implements ByteSource {
  readonly #file: string;
  #fd: number | null = null;
  #start = 0;
  #end = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Looks how much there is. @returns true when there is more than before. */
  grow(): boolean {
    this.#fd ??= open(this.#file);
    if (this.#fd === null) return false;
    const size = fs.fstatSync(this.#fd).size;
    const grew = size > this.#end;
    if (grew) this.#end = size;
    return grew;
  }

  read(offset: number, max: number): Uint8Array {
    if (this.#fd === null || offset < this.#start || offset > this.#end)
      throw new RangeError(`read at ${offset}, held ${this.#start}..${this.#end}`);
    const bytes = Buffer.allocUnsafe(Math.min(max, this.#end - offset));
    return bytes.subarray(0, fs.readSync(this.#fd, bytes, 0, bytes.length, offset));
  }

  release(offset: number): void {
    if (offset > this.#end) throw new RangeError(`release at ${offset}, held ${this.#start}..${this.#end}`);
    if (offset > this.#start) this.#start = offset;
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}

function open(file: string): number | null {
  try {
    return fs.openSync(file, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null; // the runner has not made it yet
    throw error;
  }
}

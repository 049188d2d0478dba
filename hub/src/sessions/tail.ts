// The newest output of a live session in memory, so that windows which keep up never touch the disk.
import { Ring } from "@sallyport/protocol/stream/ring";

/** Several windows' worth; a viewer further behind reads the log. */
const keptBytes = 256 * 1024;

export class Tail {
  readonly #ring: Ring;

  constructor(start: number) {
    this.#ring = new Ring(2 * keptBytes, start);
  }

  /** A single append is at most one slice, far below what is kept. */
  append(data: Uint8Array): void {
    this.#ring.append(data);
    if (this.#ring.end - this.#ring.start > keptBytes + keptBytes / 2) this.#ring.release(this.#ring.end - keptBytes);
  }

  /** Null when `offset` is older than what is kept. */
  read(offset: number, max: number): Uint8Array | null {
    return offset < this.#ring.start || offset > this.#ring.end ? null : this.#ring.read(offset, max);
  }
}

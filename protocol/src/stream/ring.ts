// Bytes not yet acknowledged, addressed by absolute offset. Invariant: start ≤ end, end − start ≤ capacity.
// Written at the end, released at the start, read anywhere between, any number of times.

/** Where an outgoing channel's bytes come from: a ring in memory, a spool file on disk. */
export interface ByteSource {
  /** First offset that can still be read. */
  readonly start: number;
  /** Offset after the last byte there is so far. */
  readonly end: number;
  /** At most `max` bytes from `offset`, at least one when start ≤ offset < end. */
  read(offset: number, max: number): Uint8Array;
  /** Bytes before `offset` will never be asked for again. */
  release(offset: number): void;
}

export class Ring implements ByteSource {
  readonly capacity: number;
  /** Oldest first; the first block begins at `#blocksStart` ≤ start. */
  #blocks: Uint8Array[] = [];
  #blocksStart: number;
  #start: number;
  #end: number;

  constructor(capacity: number, start = 0) {
    this.capacity = capacity;
    this.#blocksStart = start;
    this.#start = start;
    this.#end = start;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Room left; the writer pauses its source at 0. */
  get room(): number {
    return this.capacity - (this.#end - this.#start);
  }

  /** Takes as many leading bytes as there is room for and says how many. Keeps a reference, not a copy. */
  append(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    if (taken === 0) return 0;
    this.#blocks.push(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    this.#end += taken;
    return taken;
  }

  read(offset: number, max: number): Uint8Array {
    if (offset < this.#start || offset > this.#end) throw new RangeError(`read at ${offset}, held ${this.#start}..${this.#end}`);
    let blockStart = this.#blocksStart;
    for (let n = 0; n < this.#blocks.length; n++) {
      const block = this.#blocks[n] as Uint8Array;
      if (offset < blockStart + block.length) {
        const first = block.subarray(offset - blockStart, offset - blockStart + max);
        // Small neighbours travel together: a pty hands over about 4 KiB at a time.
        return first.length < max && n + 1 < this.#blocks.length ? this.#gather(first, n + 1, max) : first;
      }
      blockStart += block.length;
    }
    return new Uint8Array();
  }

  release(offset: number): void {
    if (offset > this.#end) throw new RangeError(`release at ${offset}, held ${this.#start}..${this.#end}`);
    if (offset <= this.#start) return;
    this.#start = offset;
    let dropped = 0;
    for (const block of this.#blocks) {
      if (this.#blocksStart + block.length > offset) break;
      this.#blocksStart += block.length;
      dropped++;
    }
    if (dropped > 0) this.#blocks.splice(0, dropped);
  }

  #gather(first: Uint8Array, from: number, max: number): Uint8Array {
    const parts = [first];
    let length = first.length;
    for (let n = from; n < this.#blocks.length && length < max; n++) {
      const block = this.#blocks[n] as Uint8Array;
      const part = block.subarray(0, max - length);
      parts.push(part);
      length += part.length;
    }
    return Buffer.concat(parts, length);
  }
}

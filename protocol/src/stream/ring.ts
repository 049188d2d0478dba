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

/** First allocation: an idle terminal's prompt and some lines. */
const firstBytes = 8 * 1024;
/** Larger memory is given back once nothing is held in it. */
const keptWhenEmptyBytes = 256 * 1024;

export class Ring implements ByteSource {
  readonly capacity: number;
  /** The byte at offset n lies at n modulo its length. Grows by doubling, up to the capacity. */
  #memory = new Uint8Array(0);
  #start: number;
  #end: number;

  constructor(capacity: number, start = 0) {
    this.capacity = capacity;
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

  /** Copies as many leading bytes as there is room for and says how many. */
  append(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    if (taken === 0) return 0;
    const held = this.#end - this.#start;
    if (held + taken > this.#memory.length) this.#grow(held + taken);
    const at = this.#end % this.#memory.length;
    const first = Math.min(taken, this.#memory.length - at);
    this.#memory.set(first === bytes.length ? bytes : bytes.subarray(0, first), at);
    if (first < taken) this.#memory.set(bytes.subarray(first, taken), 0);
    this.#end += taken;
    return taken;
  }

  /** A view on the ring's own memory, valid until those bytes are released. Ends early where the memory wraps around. */
  read(offset: number, max: number): Uint8Array {
    if (offset < this.#start || offset > this.#end) throw new RangeError(`read at ${offset}, held ${this.#start}..${this.#end}`);
    if (offset === this.#end) return this.#memory.subarray(0, 0);
    const at = offset % this.#memory.length;
    return this.#memory.subarray(at, Math.min(at + max, at + this.#end - offset, this.#memory.length));
  }

  release(offset: number): void {
    if (offset > this.#end) throw new RangeError(`release at ${offset}, held ${this.#start}..${this.#end}`);
    if (offset <= this.#start) return;
    this.#start = offset;
    if (offset === this.#end && this.#memory.length > keptWhenEmptyBytes) this.#memory = new Uint8Array(0);
  }

  #grow(needed: number): void {
    let size = Math.max(firstBytes, this.#memory.length);
    while (size < needed) size *= 2;
    const memory = new Uint8Array(Math.min(size, this.capacity));
    for (let offset = this.#start; offset < this.#end; ) {
      const part = this.read(offset, this.#end - offset);
      const at = offset % memory.length;
      const fits = part.subarray(0, memory.length - at);
      memory.set(fits, at);
      offset += fits.length;
    }
    this.#memory = memory;
  }
}

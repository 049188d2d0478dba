// Tells a neighbour that talks from one that floods: whatever it sends that becomes no output is counted, and so is how often it starts over.
// The SSH library checks the form of packets, not how many there are: requests that wait for our answer, data beyond the window we gave
// and data in single bytes would each grow our memory without an end.
/** Before the shell: identification, key exchange, keys, banner, a dialogue about the password. Honest servers need about 5 KiB. */
const wasteBeforeOpenBytesMax = 128 * 1_024;

/** Afterwards, while all output is read. Ten thousand requests and not one byte of output: nobody honest. */
const wasteBytesMax = 512 * 1_024;

/** While output waits, each byte of it may have come in a packet of its own, up to a bound: single bytes are 100 KiB then, in 30 MiB of memory. */
const wasteOfWaitingByte = 64;
const wasteWhileWaitingBytesMax = 4 * 1_024 * 1_024;

/** A packet with output costs its length, padding and MAC: at most this much is not called waste. */
const packetBytes = 256;

/** Keepalives, new keys and the like, for years. */
const allowedBytesPerSecond = 4 * 1_024;

/** The library gives 2 MiB of window anew while a buffer of it holds less than that, and has two buffers. More was sent by somebody who does not count. */
const bufferedBytesMax = 8 * 1_024 * 1_024;

/** Keys are made anew after a gigabyte or an hour (RFC 4253 §9). */
const rekeyIntervalMs = 10_000;
const hastyRekeysMax = 6;

export class TrafficGuard {
  #waste = 0;
  #sinceMs: number;
  #opened = false;
  #rekeyedMs = Number.NEGATIVE_INFINITY;
  #hastyRekeys = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** The shell or command runs: what came until now was needed for that. */
  open(): void {
    this.#opened = true;
    this.#waste = 0;
  }

  /** Bytes came from the socket. @param buffered output in the library that nobody has read yet. False: enough. */
  received(bytes: number, buffered: number, nowMs: number): boolean {
    this.#waste += bytes;
    const allowed = ((nowMs - this.#sinceMs) / 1_000) * allowedBytesPerSecond;
    if (allowed >= 1) {
      this.#waste = Math.max(0, this.#waste - allowed);
      this.#sinceMs = nowMs;
    }
    return this.#waste - buffered <= this.#wasteMax(buffered) && buffered <= bufferedBytesMax;
  }

  #wasteMax(buffered: number): number {
    if (!this.#opened) return wasteBeforeOpenBytesMax;
    return Math.min(wasteWhileWaitingBytesMax, wasteBytesMax + buffered * wasteOfWaitingByte);
  }

  /** One packet of output was read. */
  delivered(bytes: number): void {
    this.#waste = Math.max(0, this.#waste - bytes - packetBytes);
  }

  /** Keys were exchanged. False: too often. */
  rekeyed(nowMs: number): boolean {
    this.#hastyRekeys = nowMs - this.#rekeyedMs < rekeyIntervalMs ? this.#hastyRekeys + 1 : 0;
    this.#rekeyedMs = nowMs;
    return this.#hastyRekeys <= hastyRekeysMax;
  }
}

// What a log has taken and not yet begun to write: one payload being filled, and full ones before it. Copies bytes once, into place.
import { type LogEventKind, logEventHeaderBytes, logEventKinds } from "@sallyport/protocol/log-events";
import { payloadBytesMax } from "./chunk.ts";
import type { Channel } from "./log-file.ts";

export type Payload = { bytes: Buffer; firstMs: number; lastMs: number; added: Record<Channel, number> };

/** Some lines; grows by doubling, since most sessions print little in a tenth of a second. */
const firstBytes = 4 * 1024;
/** Half of what a chunk may hold: one more append, at most a slice, must fit into what is open. */
const fullBytes = payloadBytesMax / 2;
/** Larger memory is not kept for the next payload. */
const spareBytesMax = 256 * 1024;

type Filling = { memory: Buffer; used: number; firstMs: number; lastMs: number; added: Record<Channel, number> };

export class Pending {
  readonly #full: Filling[] = [];
  #filling: Filling | null = null;
  #spare: Buffer | null = null;
  #bytes = 0;

  /** Bytes waiting, with their records' headers. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#filling === null;
  }

  add(kind: LogEventKind, atMs: number, data: Uint8Array): void {
    const size = logEventHeaderBytes + data.length;
    if (this.#filling !== null && this.#filling.used + size > fullBytes) {
      this.#full.push(this.#filling);
      this.#filling = null;
    }
    this.#filling ??= this.#begin(atMs);
    const filling = this.#filling;
    if (filling.used + size > filling.memory.length) {
      const memory = Buffer.allocUnsafeSlow(Math.max(filling.memory.length * 2, filling.used + size));
      filling.memory.copy(memory, 0, 0, filling.used);
      filling.memory = memory;
    }
    const { memory } = filling;
    let at = memory.writeUInt32BE(atMs, filling.used);
    at = memory.writeUInt8(kind, at);
    at = memory.writeUInt32BE(data.length, at);
    memory.set(data, at);
    filling.used = at + data.length;
    filling.lastMs = atMs;
    if (kind === logEventKinds.output) filling.added.output += data.length;
    else if (kind === logEventKinds.stderr) filling.added.stderr += data.length;
    this.#bytes += size;
  }

  /** The oldest payload, for one chunk; null when there is nothing. Given back with {@link done}. */
  take(): Payload | null {
    const oldest = this.#full.shift() ?? this.#filling;
    if (oldest === null || oldest === undefined) return null;
    if (oldest === this.#filling) this.#filling = null;
    this.#bytes -= oldest.used;
    const { memory, used, firstMs, lastMs, added } = oldest;
    return { bytes: memory.subarray(0, used), firstMs, lastMs, added };
  }

  /** The payload has been written: its memory serves the next one. */
  done({ bytes }: Payload): void {
    const memory = Buffer.from(bytes.buffer, bytes.byteOffset);
    if (memory.length <= spareBytesMax) this.#spare = memory;
  }

  #begin(atMs: number): Filling {
    const memory = this.#spare ?? Buffer.allocUnsafeSlow(firstBytes);
    this.#spare = null;
    return { memory, used: 0, firstMs: atMs, lastMs: atMs, added: { output: 0, stderr: 0 } };
  }
}

// Reading a log: its header, its index of chunks, its events and bytes. Also finds where a log that was cut by a crash ends.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { decodeLogEvents, type LogEvent, logEventKinds } from "@sallyport/protocol/log-events";
import { z } from "zod";
import { HubError } from "../platform/errors.ts";
import { type ChunkHead, chunkBytesMin, magic, openChunk, readChunkHead } from "./chunk.ts";

export type LogHeader = { id: string; startedAt: string; columns: number; rows: number };
export type Channel = "output" | "stderr";
export type ChunkRef = ChunkHead & { position: number };

/** A header is some 120 bytes; a damaged length must not make a reader ask for more than this. */
export const headerBytesMax = 4_096;
const headerShape = z.object({ id: z.string(), startedAt: z.iso.datetime(), columns: z.int(), rows: z.int() });

/** Null when these bytes are no header. */
export function parseHeader(json: Buffer): LogHeader | null {
  try {
    return headerShape.safeParse(JSON.parse(json.toString())).data ?? null;
  } catch {
    return null;
  }
}

/** Heads are read through a window, so that indexing a log of many small chunks is not a system call each. */
const scanWindowBytes = 256 * 1024;

export class LogFile {
  readonly header: LogHeader;
  readonly headerHash: Buffer;
  readonly #handle: FileHandle;
  readonly #chunks: ChunkRef[] = [];
  #scanned: number;

  private constructor(handle: FileHandle, header: LogHeader, headerHash: Buffer, firstChunk: number) {
    this.#handle = handle;
    this.header = header;
    this.headerHash = headerHash;
    this.#scanned = firstChunk;
  }

  /** @throws HubError `log-damaged` when it does not begin as a log. */
  static async open(file: string): Promise<LogFile> {
    const handle = await open(file, "r");
    try {
      const start = Buffer.alloc(magic.length + 4);
      await handle.read(start, 0, start.length, 0);
      const length = start.readUInt32BE(magic.length);
      if (!start.subarray(0, magic.length).equals(magic) || length > headerBytesMax)
        throw new HubError("log-damaged", "The recording does not begin as one.");
      const json = Buffer.alloc(length);
      await handle.read(json, 0, length, start.length);
      const header = parseHeader(json);
      if (header === null) throw new HubError("log-damaged", "The recording's header cannot be read.");
      const headerHash = createHash("sha256").update(start).update(json).digest();
      const log = new LogFile(handle, header, headerHash, start.length + length);
      await log.refresh();
      return log;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get chunks(): readonly ChunkRef[] {
    return this.#chunks;
  }

  /** Offset after the last whole chunk: where a writer goes on. */
  get end(): number {
    return this.#scanned;
  }

  bytesOf(channel: Channel): number {
    const last = this.#chunks.at(-1);
    return last === undefined ? 0 : last[channel].offset + last[channel].bytes;
  }

  get durationMs(): number {
    return this.#chunks.at(-1)?.lastMs ?? 0;
  }

  /** Takes in the chunks written since. */
  async refresh(): Promise<void> {
    const { size } = await this.#handle.stat();
    const window = Buffer.alloc(Math.min(scanWindowBytes, Math.max(0, size - this.#scanned)));
    let windowAt = -1;
    let windowBytes = 0;
    while (size - this.#scanned >= chunkBytesMin) {
      if (windowAt < 0 || this.#scanned < windowAt || this.#scanned + chunkBytesMin > windowAt + windowBytes) {
        windowAt = this.#scanned;
        windowBytes = (await this.#handle.read(window, 0, window.length, windowAt)).bytesRead;
        if (windowBytes < chunkBytesMin) return;
      }
      const head = readChunkHead(window.subarray(this.#scanned - windowAt));
      if (head === null || this.#scanned + head.bytes > size) return;
      this.#chunks.push({ ...head, position: this.#scanned });
      this.#scanned += head.bytes;
    }
  }

  /** Last hash of the chain as written; the header's when there is no chunk. */
  async head(): Promise<Buffer> {
    const last = this.#chunks.at(-1);
    if (last === undefined) return this.headerHash;
    const hash = Buffer.alloc(32);
    await this.#handle.read(hash, 0, 32, last.position + last.bytes - 32);
    return hash;
  }

  /** @throws HubError `log-damaged` when the chunk's hash does not hold. */
  async events(n: number): Promise<LogEvent[]> {
    const chunk = this.#chunks[n];
    if (chunk === undefined) return [];
    const opened = openChunk(await this.#read(chunk), chunk, null);
    if (!opened.ok) throw new HubError("log-damaged", `Chunk ${n + 1} of the recording is damaged.`, { facts: { chunk: n + 1 } });
    return decodeLogEvents(opened.payload);
  }

  /** Index of the chunk that holds `offset` of a channel, or of the first after it. */
  chunkAt(channel: Channel, offset: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const span = this.#chunks[middle]?.[channel];
      if (span !== undefined && span.offset + span.bytes <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bytes `from` ≤ x < `to` of a channel, a chunk at a time. */
  async *bytes(channel: Channel, from: number, to: number): AsyncGenerator<Uint8Array> {
    const kind = logEventKinds[channel];
    for (let n = this.chunkAt(channel, from); n < this.#chunks.length; n++) {
      let offset = this.#chunks[n]?.[channel].offset ?? to;
      if (offset >= to) return;
      for (const event of await this.events(n)) {
        if (event.kind !== kind) continue;
        const part = event.data.subarray(Math.max(0, from - offset), Math.max(0, to - offset));
        offset += event.data.length;
        if (part.length > 0) yield part;
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #read(chunk: ChunkRef): Promise<Buffer> {
    const bytes = Buffer.alloc(chunk.bytes);
    await this.#handle.read(bytes, 0, chunk.bytes, chunk.position);
    return bytes;
  }
}

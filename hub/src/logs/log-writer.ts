// Writing a log. Bytes are readable at once, durable after at most 100 ms or 64 KiB, and never acknowledged before.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { encodeLogEvent, encodeResize, logEventKinds } from "@sallyport/protocol/log-events";
import { syncFolder } from "../platform/files.ts";
import { encodeChunk, magic, payloadBytesMax } from "./chunk.ts";
import { type Channel, LogFile, type LogHeader } from "./log-file.ts";

/** What a crash of the hub can cost; agents hold longer than that. */
const flushMs = 100;
const flushBytes = 64 * 1024;
/** Waiting for a slow disk: beyond it the log has no room and the stream's credit stops. */
const pendingBytesMax = 4 * 1024 * 1024;

export type LogWriterEvents = {
  /** Everything up to these offsets survives a crash now. */
  onDurable(output: number, stderr: number): void;
  /** The disk refused; the log stays as it was, readable up to its last whole chunk. */
  onFailure(error: NodeJS.ErrnoException): void;
};

export class LogWriter {
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #startedAtMs: number;
  readonly #events: LogWriterEvents;
  #position: number;
  #hash: Buffer;
  #ends: Record<Channel, number>;
  #durable: Record<Channel, number>;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #pendingFrom: Record<Channel, number>;
  #lastMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #failed: NodeJS.ErrnoException | null = null;
  #closed: Promise<void> | null = null;
  /** Anything was appended since the last chunk was cut, an empty resize included. */
  #dirty = false;

  private constructor(
    file: string,
    handle: FileHandle,
    header: LogHeader,
    position: number,
    hash: Buffer,
    ends: Record<Channel, number>,
    lastMs: number,
    events: LogWriterEvents,
  ) {
    this.file = file;
    this.#handle = handle;
    this.#startedAtMs = Date.parse(header.startedAt);
    this.#position = position;
    this.#hash = hash;
    this.#ends = { ...ends };
    this.#durable = { ...ends };
    this.#pendingFrom = { ...ends };
    this.#lastMs = lastMs;
    this.#events = events;
  }

  /** Makes a new log. @throws when the file exists or the disk refuses. */
  static async create(file: string, header: LogHeader, events: LogWriterEvents): Promise<LogWriter> {
    const json = Buffer.from(JSON.stringify(header));
    const start = Buffer.alloc(magic.length + 4);
    magic.copy(start);
    start.writeUInt32BE(json.length, magic.length);
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.write(Buffer.concat([start, json]), 0, start.length + json.length, 0);
      await handle.datasync();
      syncFolder(path.dirname(file));
    } catch (error) {
      await handle.close();
      throw error;
    }
    const hash = createHash("sha256").update(start).update(json).digest();
    return new LogWriter(file, handle, header, start.length + json.length, hash, { output: 0, stderr: 0 }, 0, events);
  }

  /** Goes on with a log after a restart, from its last whole chunk. */
  static async reopen(file: string, events: LogWriterEvents): Promise<LogWriter> {
    const found = await LogFile.open(file);
    try {
      const handle = await open(file, "r+");
      await handle.truncate(found.end);
      const ends = { output: found.bytesOf("output"), stderr: found.bytesOf("stderr") };
      return new LogWriter(file, handle, found.header, found.end, await found.head(), ends, found.durationMs, events);
    } finally {
      await found.close();
    }
  }

  /** Offset after the last appended byte of a channel. */
  end(channel: Channel): number {
    return this.#ends[channel];
  }

  durable(channel: Channel): number {
    return this.#durable[channel];
  }

  /** Hash of the chain so far, hex. Final after close. */
  get head(): string {
    return this.#hash.toString("hex");
  }

  get failed(): boolean {
    return this.#failed !== null;
  }

  /** False while the disk is behind: the caller stops giving credit until the next onDurable. */
  get hasRoom(): boolean {
    return this.#pendingBytes < pendingBytesMax;
  }

  /** Keeps a copy. `nowMs` since the epoch. */
  append(channel: Channel, data: Uint8Array, nowMs: number): void {
    if (this.#closed !== null) return;
    this.#ends[channel] += data.length;
    this.#push(encodeLogEvent({ atMs: this.#sinceStart(nowMs), kind: logEventKinds[channel], data }));
  }

  resize(columns: number, rows: number, nowMs: number): void {
    this.#push(encodeLogEvent({ atMs: this.#sinceStart(nowMs), kind: logEventKinds.resize, data: encodeResize(columns, rows) }));
  }

  /** Resolves when everything appended so far is durable, or the disk has refused. */
  async flush(): Promise<void> {
    while ((this.#dirty || this.#writing !== null) && this.#failed === null) {
      this.#start();
      await this.#writing;
    }
  }

  /** Takes no more, stores what was taken. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#handle.close();
  }

  /** Time never runs backwards in a log, whatever the clock does. */
  #sinceStart(nowMs: number): number {
    return Math.max(this.#lastMs, Math.min(nowMs - this.#startedAtMs, 0xffff_ffff));
  }

  #push(record: Uint8Array): void {
    if (this.#failed !== null || this.#closed !== null) return;
    this.#dirty = true;
    this.#lastMs = msOf(record);
    this.#pending.push(record);
    this.#pendingBytes += record.length;
    this.#schedule();
  }

  /** Whatever is pending has a write or a timer ahead of it, always: called when bytes come and when a write is done. */
  #schedule(): void {
    if (this.#writing !== null || !this.#dirty || this.#failed !== null) return;
    if (this.#pendingBytes >= flushBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), flushMs);
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing !== null || !this.#dirty || this.#failed !== null) return;
    this.#writing = this.#writeChunk().finally(() => {
      this.#writing = null;
      this.#schedule();
    });
  }

  async #writeChunk(): Promise<void> {
    const payload = this.#takePayload();
    const from = this.#pendingFrom;
    const to = payload.ends;
    const span = (channel: Channel) => ({ offset: from[channel], bytes: to[channel] - from[channel] });
    const { bytes, hash } = encodeChunk(
      {
        firstMs: payload.firstMs,
        lastMs: payload.lastMs,
        output: span("output"),
        stderr: span("stderr"),
        payload: payload.bytes,
      },
      this.#hash,
    );
    this.#pendingFrom = to;
    try {
      // A nearly full disk takes a part and says so only in the count; the next write is refused.
      for (let at = 0; at < bytes.length; )
        at += (await this.#handle.write(bytes, at, bytes.length - at, this.#position + at)).bytesWritten;
      await this.#handle.datasync();
    } catch (error) {
      this.#failed = error as NodeJS.ErrnoException;
      await this.#handle.truncate(this.#position).catch(() => {}); // a half chunk would be cut on reading anyway
      this.#events.onFailure(this.#failed);
      return;
    }
    this.#position += bytes.length;
    this.#hash = hash;
    this.#durable = to;
    this.#events.onDurable(to.output, to.stderr);
  }

  /** Up to one chunk's worth of records, in order. */
  #takePayload(): { bytes: Buffer; ends: Record<Channel, number>; firstMs: number; lastMs: number } {
    let bytes = 0;
    let count = 0;
    for (const record of this.#pending) {
      if (count > 0 && bytes + record.length > payloadBytesMax / 2) break;
      bytes += record.length;
      count++;
    }
    const taken = this.#pending.splice(0, count);
    this.#pendingBytes -= bytes;
    this.#dirty = this.#pending.length > 0;
    const ends = { ...this.#pendingFrom };
    for (const record of taken) {
      if (record[4] === logEventKinds.output) ends.output += record.length - 9;
      else if (record[4] === logEventKinds.stderr) ends.stderr += record.length - 9;
    }
    return { bytes: Buffer.concat(taken, bytes), ends, firstMs: msOf(taken[0]), lastMs: msOf(taken.at(-1)) };
  }
}

/** Time of an encoded event. */
const msOf = (record: Uint8Array | undefined): number =>
  record === undefined ? 0 : new DataView(record.buffer, record.byteOffset).getUint32(0);

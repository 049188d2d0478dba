// Writing a log. Bytes are readable at once, durable after at most 100 ms or 64 KiB, and never acknowledged before.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { encodeResize, type LogEventKind, logEventKinds } from "@sallyport/protocol/log-events";
import { syncFolder } from "../platform/files.ts";
import { encodeChunk, magic } from "./chunk.ts";
import { type Channel, LogFile, type LogHeader } from "./log-file.ts";
import { type Payload, Pending } from "./pending.ts";

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
  readonly #pending = new Pending();
  /** Offset of each channel's first byte that is in no chunk yet. */
  #chunked: Record<Channel, number>;
  #lastMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #failed: NodeJS.ErrnoException | null = null;
  #closed: Promise<void> | null = null;

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
    this.#chunked = { ...ends };
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
    return this.#pending.bytes < pendingBytesMax;
  }

  /** Keeps a copy. `nowMs` since the epoch. */
  append(channel: Channel, data: Uint8Array, nowMs: number): void {
    if (this.#closed !== null) return;
    this.#ends[channel] += data.length;
    this.#push(logEventKinds[channel], nowMs, data);
  }

  resize(columns: number, rows: number, nowMs: number): void {
    this.#push(logEventKinds.resize, nowMs, encodeResize(columns, rows));
  }

  /** Resolves when everything appended so far is durable, or the disk has refused. */
  async flush(): Promise<void> {
    while ((!this.#pending.empty || this.#writing !== null) && this.#failed === null) {
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

  #push(kind: LogEventKind, nowMs: number, data: Uint8Array): void {
    if (this.#failed !== null || this.#closed !== null) return;
    // Time never runs backwards in a log, whatever the clock does.
    this.#lastMs = Math.max(this.#lastMs, Math.min(nowMs - this.#startedAtMs, 0xffff_ffff));
    this.#pending.add(kind, this.#lastMs, data);
    this.#schedule();
  }

  /** Whatever is pending has a write or a timer ahead of it, always: called when bytes come and when a write is done. */
  #schedule(): void {
    if (this.#writing !== null || this.#pending.empty || this.#failed !== null) return;
    if (this.#pending.bytes >= flushBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), flushMs);
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const payload = this.#writing === null && this.#failed === null ? this.#pending.take() : null;
    if (payload === null) return;
    this.#writing = this.#writeChunk(payload).finally(() => {
      this.#writing = null;
      this.#pending.done(payload);
      this.#schedule();
    });
  }

  async #writeChunk({ bytes: payload, firstMs, lastMs, added }: Payload): Promise<void> {
    const from = this.#chunked;
    const to = { output: from.output + added.output, stderr: from.stderr + added.stderr };
    this.#chunked = to;
    const span = (channel: Channel) => ({ offset: from[channel], bytes: added[channel] });
    try {
      const chunk = { firstMs, lastMs, output: span("output"), stderr: span("stderr"), payload };
      const { bytes, hash } = await encodeChunk(chunk, this.#hash);
      // A nearly full disk takes a part and says so only in the count; the next write is refused.
      for (let at = 0; at < bytes.length; )
        at += (await this.#handle.write(bytes, at, bytes.length - at, this.#position + at)).bytesWritten;
      await this.#handle.datasync();
      this.#position += bytes.length;
      this.#hash = hash;
    } catch (error) {
      this.#failed = error as NodeJS.ErrnoException;
      await this.#handle.truncate(this.#position).catch(() => {}); // a half chunk would be cut on reading anyway
      this.#events.onFailure(this.#failed);
      return;
    }
    this.#durable = to;
    this.#events.onDurable(to.output, to.stderr);
  }
}

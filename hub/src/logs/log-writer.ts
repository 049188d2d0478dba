// Writing a log. Bytes are readable at once, durable after at most 100 ms or 64 KiB, and never acknowledged before.
import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { encodeResize, type LogEventKind, logEventKinds } from "@sallyport/protocol/log-events";
import { HubError } from "../platform/errors.ts";
import { gathered } from "../platform/gathered.ts";
import { encodeChunk, magic } from "./chunk.ts";
import { type Channel, LogFile, type LogHeader } from "./log-file.ts";
import { checkpointOf } from "./log-places.ts";
import { type Payload, Pending } from "./pending.ts";
import { type HeadSigner, readHead } from "./signed-head.ts";

/** What a crash of the hub can cost; agents hold longer than that. */
const flushMs = 100;
const flushBytes = 64 * 1024;
/** Waiting for a slow disk: beyond it the log has no room and the stream's credit stops. */
const pendingBytesMax = 4 * 1024 * 1024;
/** What is durable is signed for after at most this long: a small file and one fsync for each log that grew. */
const checkpointMs = 10_000;

export type LogWriterEvents = {
  /** Everything up to these offsets survives a crash now. */
  onDurable(output: number, stderr: number): void;
  /** The disk refused, or must be left to others; the log stays as it is, readable up to its last whole chunk. Close it. */
  onFailure(error: Error): void;
  /**
   * What to do without room. A terminal ends: nobody types where nothing is recorded. A script's output waits with its agent,
   * which holds it on disk: no credit is given, and nothing is lost.
   */
  readonly withoutRoom?: "end" | "wait";
};

/** Of the disk; see storage-room.ts. */
export type LogRoom = { readonly mayGrow: boolean; took(bytes: number): void; giveUpReserve(): void };

/** How often a log that waits for room looks again. */
const waitMs = 1_000;
const isFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");

/** A new name is durable once its folder is. A thousand logs that are made at once need a few such syncs, and the loop waits for none. */
const folderSynced = gathered<string, void>(async (folders) => {
  for (const folder of new Set(folders)) {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  return folders.map(() => undefined);
});

export class LogWriter {
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #header: LogHeader;
  readonly #startedAtMs: number;
  readonly #events: LogWriterEvents;
  readonly #signer: HeadSigner;
  readonly #room: LogRoom;
  #position: number;
  #hash: Buffer;
  #ends: Record<Channel, number>;
  #durable: Record<Channel, number>;
  readonly #pending = new Pending();
  /** Offset of each channel's first byte that is in no chunk yet. */
  #chunked: Record<Channel, number>;
  #lastMs = 0;
  #durableMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #checkpointTimer: NodeJS.Timeout | null = null;
  #checkpointing: Promise<void> = Promise.resolve();
  #writing: Promise<void> | null = null;
  #failed: Error | null = null;
  /** A payload the full disk refused, to be tried again. */
  #refused: Payload | null = null;
  #toldNoRoom = false;
  #closing = false;
  #closed: Promise<void> | null = null;
  readonly #gone = Promise.withResolvers<void>();

  private constructor(
    file: string,
    handle: FileHandle,
    header: LogHeader,
    position: number,
    hash: Buffer,
    ends: Record<Channel, number>,
    lastMs: number,
    events: LogWriterEvents,
    signer: HeadSigner,
    room: LogRoom,
  ) {
    this.file = file;
    this.#handle = handle;
    this.#header = header;
    this.#startedAtMs = Date.parse(header.startedAt);
    this.#position = position;
    this.#hash = hash;
    this.#ends = { ...ends };
    this.#durable = { ...ends };
    this.#chunked = { ...ends };
    this.#lastMs = lastMs;
    this.#durableMs = lastMs;
    this.#events = events;
    this.#signer = signer;
    this.#room = room;
  }

  /** Makes a new log. @throws when the file exists or the disk refuses. */
  static async create(
    file: string,
    header: LogHeader,
    events: LogWriterEvents,
    signer: HeadSigner,
    room: LogRoom,
  ): Promise<LogWriter> {
    const json = Buffer.from(JSON.stringify(header));
    const start = Buffer.alloc(magic.length + 4);
    magic.copy(start);
    start.writeUInt32BE(json.length, magic.length);
    const hash = createHash("sha256").update(start).update(json).digest();
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.write(Buffer.concat([start, json]), 0, start.length + json.length, 0);
      const ends = { output: 0, stderr: 0 };
      const writer = new LogWriter(file, handle, header, start.length + json.length, hash, ends, 0, events, signer, room);
      // Not synced: that a log is open matters only to who looks while it is. A power cut in its first seconds may cost this.
      await writeFile(checkpointOf(file), writer.#signHead("open"), { mode: 0o600 });
      await handle.datasync();
      await folderSynced(path.dirname(file));
      return writer;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Goes on with a log after a restart, from its last whole chunk.
   * @throws HubError `log-damaged` when it is shorter than it is known to have been: going on would cut off evidence.
   */
  static async reopen(file: string, events: LogWriterEvents, signer: HeadSigner, room: LogRoom): Promise<LogWriter> {
    const found = await LogFile.open(file);
    try {
      const checkpoint = await readFile(checkpointOf(file)).catch(() => null);
      const known = checkpoint === null ? null : readHead(checkpoint, signer.publicKey);
      if (known?.ok === true && found.end < known.head.position)
        throw new HubError("log-damaged", "The recording is shorter than it was; nothing is added to it.");
      const handle = await open(file, "r+");
      await handle.truncate(found.end);
      const ends = { output: found.bytesOf("output"), stderr: found.bytesOf("stderr") };
      const head = await found.head();
      const writer = new LogWriter(file, handle, found.header, found.end, head, ends, found.durationMs, events, signer, room);
      await writer.#checkpoint();
      return writer;
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

  /** False while the disk is behind or full: the caller stops giving credit until the next onDurable. */
  get hasRoom(): boolean {
    return this.#failed === null && this.#pending.bytes < pendingBytesMax;
  }

  /** Keeps a copy. `nowMs` since the epoch. */
  append(channel: Channel, data: Uint8Array, nowMs: number): void {
    if (this.#closing) return;
    this.#ends[channel] += data.length;
    this.#push(logEventKinds[channel], nowMs, data);
  }

  resize(columns: number, rows: number, nowMs: number): void {
    this.#push(logEventKinds.resize, nowMs, encodeResize(columns, rows));
  }

  /** Resolves when everything appended so far is durable, or the disk has refused, or the log waits for room. */
  async flush(): Promise<void> {
    while ((this.#hasMore || this.#writing !== null) && this.#failed === null) {
      this.#start();
      if (this.#writing === null) return;
      await this.#writing;
      if (this.#refused !== null) return;
    }
  }

  get #hasMore(): boolean {
    return this.#refused !== null || !this.#pending.empty;
  }

  /** Must wait, and may: a log that is being closed is what the last room is for. */
  get #mustWait(): boolean {
    return this.#events.withoutRoom === "wait" && !this.#closing && !this.#room.mayGrow;
  }

  /** Resolves once the file is no longer ours to write, closed in order or not. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Takes no more, stores what was taken, signs for it. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closing = true;
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#checkpointTimer !== null) clearTimeout(this.#checkpointTimer);
    await this.#checkpointing;
    try {
      await this.#seal();
    } finally {
      await this.#handle.close();
      this.#gone.resolve();
    }
  }

  /** After this nothing may follow. @throws when the disk refuses; the log then stays open in the eyes of a verifier. */
  async #seal(): Promise<void> {
    const seal = this.#signHead("closed");
    try {
      await this.#writeAt(seal, this.#position);
      await this.#handle.datasync();
    } catch (error) {
      await this.#handle.truncate(this.#position).catch(() => {});
      throw error;
    }
    await rm(checkpointOf(this.file), { force: true });
  }

  #signHead(state: "open" | "closed"): Buffer {
    return this.#signer.sign({
      id: this.#header.id,
      state,
      hash: this.head,
      position: this.#position,
      ...this.#durable,
      startedAt: this.#header.startedAt,
      durationMs: this.#durableMs,
    });
  }

  /** Old checkpoint or new one, never half. When the disk refuses the old one stands; the log itself is not concerned. */
  async #checkpoint(): Promise<void> {
    const beside = `${checkpointOf(this.file)}.new`;
    try {
      const handle = await open(beside, "w", 0o600);
      try {
        await handle.writeFile(this.#signHead("open"));
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(beside, checkpointOf(this.file));
    } catch {
      await rm(beside, { force: true }).catch(() => {});
    }
  }

  async #writeAt(bytes: Buffer, position: number): Promise<void> {
    // A nearly full disk takes a part and says so only in the count; the next write is refused.
    for (let at = 0; at < bytes.length; )
      at += (await this.#handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }

  #push(kind: LogEventKind, nowMs: number, data: Uint8Array): void {
    if (this.#failed !== null || this.#closing) return;
    // Time never runs backwards in a log, whatever the clock does.
    this.#lastMs = Math.max(this.#lastMs, Math.min(nowMs - this.#startedAtMs, 0xffff_ffff));
    this.#pending.add(kind, this.#lastMs, data);
    this.#schedule();
  }

  /** Whatever is pending has a write or a timer ahead of it, always: called when bytes come and when a write is done. */
  #schedule(): void {
    if (this.#writing !== null || !this.#hasMore || this.#failed !== null) return;
    if (this.#refused !== null || this.#mustWait) this.#timer ??= setTimeout(() => this.#start(), waitMs);
    else if (this.#pending.bytes >= flushBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), flushMs);
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing !== null || this.#failed !== null) return;
    if (this.#mustWait) {
      this.#schedule();
      return;
    }
    const payload = this.#refused ?? this.#pending.take();
    if (payload === null) return;
    this.#refused = null;
    this.#writing = this.#writeChunk(payload).finally(() => {
      this.#writing = null;
      if (this.#refused === null) this.#pending.done(payload);
      this.#schedule();
    });
  }

  async #writeChunk(refusable: Payload): Promise<void> {
    const { bytes: payload, firstMs, lastMs, added } = refusable;
    const from = this.#chunked;
    const to = { output: from.output + added.output, stderr: from.stderr + added.stderr };
    const span = (channel: Channel) => ({ offset: from[channel], bytes: added[channel] });
    try {
      const chunk = { firstMs, lastMs, output: span("output"), stderr: span("stderr"), payload };
      const { bytes, hash } = await encodeChunk(chunk, this.#hash);
      await this.#writeAt(bytes, this.#position);
      await this.#handle.datasync();
      this.#room.took(bytes.length);
      this.#chunked = to;
      this.#position += bytes.length;
      this.#hash = hash;
      this.#durable = to;
      this.#durableMs = lastMs;
    } catch (error) {
      await this.#handle.truncate(this.#position).catch(() => {}); // a half chunk would be cut on reading anyway
      if (isFull(error)) this.#room.giveUpReserve();
      if (isFull(error) && this.#events.withoutRoom === "wait" && !this.#closing) {
        this.#refused = refusable;
        return;
      }
      this.#failed = error instanceof Error ? error : new Error(String(error));
      this.#events.onFailure(this.#failed);
      return;
    }
    this.#checkpointTimer ??= setTimeout(() => {
      this.#checkpointTimer = null;
      this.#checkpointing = this.#checkpoint();
    }, checkpointMs).unref();
    this.#events.onDurable(to.output, to.stderr);
    // What was shown is recorded, and this was the last of it.
    if (!this.#room.mayGrow && this.#events.withoutRoom !== "wait" && !this.#closing && !this.#toldNoRoom) {
      this.#toldNoRoom = true;
      this.#events.onFailure(new Error("the hub's disk is full"));
    }
  }
}

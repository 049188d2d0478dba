// The bytes of one file as they come over a stream, onto the disk. What is not written yet is bounded by the window.
import type { FileHandle } from "node:fs/promises";
import { bulkWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import { writeAll } from "./write-all.ts";

/** Between two moments at which what came is made safe: so much is sent again after a crash. */
const syncBytes = 8 * 1024 * 1024;

export type IncomingFileOptions = {
  stream: number;
  mux: StreamMux;
  /** Ours from now on: closed at the end, whatever it is. */
  file: FileHandle;
  offset: number;
  size: number;
  /** More is on the disk. */
  onBytes: (offset: number) => void;
  /** All before it survives a crash. */
  onSynced: (offset: number) => Promise<void>;
  /** Called once, with the file closed. `complete`: all of it is there and safe. `error`: the disk refused. */
  onGone: (end: { complete: boolean; written: number; error: unknown }) => void;
};

export class IncomingFile implements StreamOwner {
  readonly end: StreamEnd;
  readonly #options: IncomingFileOptions;
  readonly #incoming: Incoming;
  #queue: Buffer[] = [];
  #written: number;
  #synced: number;
  #writing = false;
  #complete = false;
  #left = false;
  #gone = false;

  constructor(options: IncomingFileOptions) {
    this.#options = options;
    this.#written = options.offset;
    this.#synced = options.offset;
    this.#incoming = new Incoming(0, bulkWindowBytes, options.offset);
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "bulk",
      outgoing: [],
      incoming: [this.#incoming],
      owner: this,
    });
    options.mux.add(this.end);
  }

  /** The link is gone, or nobody wants it any more. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#options.mux.remove(this.end.stream);
    void this.#write();
  }

  onData(_channel: number, data: Uint8Array): void {
    this.#queue.push(Buffer.from(data)); // a copy: the link's memory is only ours now
    void this.#write();
  }

  onEnd(): void {
    this.#complete = true;
    void this.#write();
  }

  onRoom(): void {}
  onResize(): void {}

  onClose(): void {
    this.leave();
  }

  async #write(): Promise<void> {
    if (this.#writing || this.#gone) return;
    this.#writing = true;
    try {
      while (this.#queue.length > 0 && !this.#left) {
        const pieces = this.#queue;
        this.#queue = [];
        for (const piece of pieces) {
          await writeAll(this.#options.file, piece, this.#written);
          this.#written += piece.length;
        }
        this.#incoming.consume(this.#written);
        this.#incoming.store(this.#written); // the hub has the file itself, and may forget at once what is on its way
        this.#options.mux.wake();
        this.#options.onBytes(this.#written);
        if (this.#written - this.#synced >= syncBytes) await this.#sync();
      }
      const whole = this.#complete && this.#queue.length === 0;
      if (!whole && !this.#left) return;
      await this.#sync();
      await this.#finish(whole && this.#written === this.#options.size, null);
    } catch (error) {
      await this.#finish(false, error);
    } finally {
      this.#writing = false;
    }
  }

  async #sync(): Promise<void> {
    const upTo = this.#written;
    await this.#options.file.datasync();
    if (upTo > this.#synced) await this.#options.onSynced(upTo);
    this.#synced = upTo;
  }

  async #finish(complete: boolean, error: unknown): Promise<void> {
    this.#gone = true;
    this.#queue = [];
    const { file, mux, onGone } = this.#options;
    if (!this.#left) {
      this.end.close({ exitCode: null, reason: complete ? "stored" : "failed" });
      mux.wake();
    }
    await file.close().catch(() => {});
    onGone({ complete, written: this.#written, error });
  }
}

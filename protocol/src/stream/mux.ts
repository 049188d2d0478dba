// All streams of one link, and the order in which they may speak. Knows nothing of MQTT, terminals or files.
// The link pulls frames while its socket has room, so nothing is ever queued: a keystroke waits for at most the slice being written.
import { streamsPerLinkMax } from "../limits.ts";
import type { Frame } from "./frame.ts";
import type { StreamEnd } from "./stream-end.ts";
import { StreamFault } from "./stream-fault.ts";
import { bulkWindow } from "./window.ts";

/** The link below. */
export type FrameSink = {
  /** Room for one more frame right now. */
  writable(): boolean;
  write(frame: Frame): void;
};

export type MuxOptions = {
  /** A peer broke a stream's rules; the stream has been closed with the fault's code. */
  onFault(stream: StreamEnd, fault: StreamFault): void;
  /** A frame for a stream that is not here. */
  onStray(frame: Frame): void;
  /** Runs a callback soon, after the data at hand has been read: setImmediate. */
  soon?(callback: () => void): void;
  /** Milliseconds of a clock that only goes on: performance.now. */
  now?(): number;
};

/** Acknowledgements that are not urgent wait this long: two to three per fsync, never one per keystroke. */
const lazyTickMs = 40;

/** How often the windows of bulk streams follow what the line carries: several round trips of a long path. */
const adaptEveryMs = 250;

/** The smallest of these is the line's own; the others had a queue in front of them. */
const roundTripsKept = 4;

export class StreamMux {
  readonly #options: MuxOptions;
  readonly #streams = new Map<number, StreamEnd>();
  #sink: FrameSink | null = null;
  #pumpDue = false;
  #tick: NodeJS.Timeout | null = null;
  /** Where the round robin among bulk streams goes on. */
  #turn = 0;
  #roundTripsMs: number[] = [];
  #bulkBytes = 0;
  #bulkSince = 0;
  #bytesPerMs = 0;

  constructor(options: MuxOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  get full(): boolean {
    return this.#streams.size >= streamsPerLinkMax;
  }

  get(stream: number): StreamEnd | undefined {
    return this.#streams.get(stream);
  }

  streams(): IterableIterator<StreamEnd> {
    return this.#streams.values();
  }

  add(end: StreamEnd): void {
    if (this.full) throw new RangeError(`more than ${streamsPerLinkMax} streams on one link`);
    this.#streams.set(end.stream, end);
    this.#adapt();
  }

  remove(stream: number): void {
    this.#streams.delete(stream);
    this.#adapt();
  }

  /** The link measured a round trip. */
  noteRoundTrip(ms: number): void {
    this.#roundTripsMs.push(ms);
    if (this.#roundTripsMs.length > roundTripsKept) this.#roundTripsMs.shift();
    this.#adapt();
  }

  /** A link is up; each stream's positions must have been set by `resumeAt` or be fresh. */
  attach(sink: FrameSink): void {
    this.#sink = sink;
    for (const end of this.#streams.values()) end.relink();
    this.#pump(true);
  }

  detach(): void {
    this.#sink = null;
    if (this.#tick !== null) clearTimeout(this.#tick);
    this.#tick = null;
  }

  receive(frame: Frame): void {
    const end = this.#streams.get(frame.stream);
    if (end === undefined) {
      this.#options.onStray(frame);
      return;
    }
    try {
      end.receive(frame);
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      end.close({ exitCode: null, reason: error.code });
      this.#options.onFault(end, error);
    }
    if (frame.kind === "data" && end.priority === "bulk") this.#count(frame.data.length);
    if (end.closed) this.remove(end.stream);
    this.wake();
  }

  /** Something may be ready to send: look once the work at hand is done. */
  wake(): void {
    if (this.#pumpDue || this.#sink === null) return;
    this.#pumpDue = true;
    (this.#options.soon ?? setImmediate)(() => {
      this.#pumpDue = false;
      this.#pump(false);
    });
  }

  /** Send what is ready without waiting: for a keystroke. The link also calls it when its socket drained. */
  flush(): void {
    this.#pump(false);
  }

  #pump(lazy: boolean): void {
    const sink = this.#sink;
    if (sink === null) return;
    while (sink.writable()) {
      const frame = this.#next(lazy);
      if (frame === null) break;
      sink.write(frame);
    }
    this.#scheduleTick();
  }

  #next(lazy: boolean): Frame | null {
    for (const end of this.#streams.values()) {
      if (end.priority !== "interactive") continue;
      const frame = this.#takeFrom(end, lazy);
      if (frame !== null) return frame;
    }
    const bulk = [...this.#streams.values()].filter((end) => end.priority === "bulk");
    for (let n = 0; n < bulk.length; n++) {
      const end = bulk[(this.#turn + n) % bulk.length];
      const frame = end === undefined ? null : this.#takeFrom(end, lazy);
      if (frame === null) continue;
      this.#turn = (this.#turn + n + 1) % bulk.length;
      return frame;
    }
    return null;
  }

  #takeFrom(end: StreamEnd, lazy: boolean): Frame | null {
    const frame = end.take(lazy);
    if (end.closed) this.remove(end.stream);
    return frame;
  }

  #count(bytes: number): void {
    this.#bulkBytes += bytes;
    const now = (this.#options.now ?? (() => performance.now()))();
    const elapsedMs = now - this.#bulkSince;
    if (elapsedMs < adaptEveryMs) return;
    // A pause says nothing about the line.
    if (elapsedMs < 4 * adaptEveryMs) this.#bytesPerMs = this.#bulkBytes / elapsedMs;
    this.#bulkBytes = 0;
    this.#bulkSince = now;
    this.#adapt();
  }

  /** Gives every bulk stream the window that the line and its company ask for. */
  #adapt(): void {
    let besideTerminal = false;
    for (const end of this.#streams.values()) besideTerminal ||= end.priority === "interactive";
    const roundTripMs = this.#roundTripsMs.length === 0 ? 0 : Math.min(...this.#roundTripsMs);
    const window = bulkWindow({ roundTripMs, bytesPerMs: this.#bytesPerMs, besideTerminal });
    for (const end of this.#streams.values()) if (end.priority === "bulk") end.resizeWindow(window);
  }

  #scheduleTick(): void {
    if (this.#tick !== null) return;
    let stale = false;
    for (const end of this.#streams.values()) for (const half of end.incoming.values()) stale ||= half.stale;
    if (!stale) return;
    this.#tick = setTimeout(() => {
      this.#tick = null;
      this.#pump(true);
    }, lazyTickMs);
    this.#tick.unref?.();
  }
}

// One live session: the stream from the agent, the log it becomes, and the cursors of those who look at it.
// It moves bytes and keeps offsets; when it ends and why is decided in end-session.ts.
import { inputWindowBytes, terminalWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd } from "@sallyport/protocol/stream/stream-end";
import type { LogStore } from "../logs/log-store.ts";
import type { LogWriter } from "../logs/log-writer.ts";
import type { Clock } from "../platform/clock.ts";
import { EchoWatch, type EchoWatcher } from "./echo-watch.ts";
import type { LineGate, LineState } from "./line-gate.ts";
import { Tail } from "./tail.ts";

/** One open window on a session. Its pump runs when it is woken. */
export type Viewer = EchoWatcher & {
  readonly userId: string;
  /** The window of the person whose session it is: only those hold back the agent. */
  readonly owner: boolean;
  /** Output handed to the window's socket. */
  readonly cursor: number;
  wake(): void;
  onResize(columns: number, rows: number): void;
  onInputTaken(offset: number): void;
  onViewers(count: number): void;
  /** A rule looks at a line that was typed, or no longer does. */
  onLine(state: LineState): void;
  onEnded(): void;
};

export type LiveSessionOptions = {
  id: string;
  orgId: string;
  agentId: string;
  userId: string;
  columns: number;
  rows: number;
  stream: number;
  /** Input the agent has taken already: 0 for a new shell. */
  inputStart: number;
  log: LogWriter;
  clock: Clock;
  /** Asks the agent to tell how the terminal echoes, or to stop. */
  askEcho(stream: number, on: boolean): void;
  /** The shell is gone; everything it printed is in the log, durable. */
  onClosed(closing: Closing): void;
};

export class LiveSession {
  readonly id: string;
  readonly orgId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly log: LogWriter;
  readonly end: StreamEnd;
  readonly echo: EchoWatch;
  columns: number;
  rows: number;
  readonly #clock: Clock;
  readonly #output: Incoming;
  readonly #input: Ring;
  readonly #outgoing: Outgoing;
  readonly #tail: Tail;
  readonly #viewers = new Set<Viewer>();
  /** As windows count what is typed: what a rule keeps from the shell is counted too, and the shell never gets it. */
  #typedEnd: number;
  #gate: LineGate | null = null;
  #detachedSinceMs: number | null;
  #sealed = false;
  #mux: StreamMux | null = null;

  constructor(options: LiveSessionOptions) {
    const { log } = options;
    this.id = options.id;
    this.orgId = options.orgId;
    this.agentId = options.agentId;
    this.userId = options.userId;
    this.columns = options.columns;
    this.rows = options.rows;
    this.log = log;
    this.#clock = options.clock;
    this.#detachedSinceMs = options.clock.now().getTime();
    this.#output = new Incoming(0, terminalWindowBytes, log.end("output"));
    this.#input = new Ring(inputWindowBytes, options.inputStart);
    this.#typedEnd = options.inputStart;
    this.#outgoing = new Outgoing(0, this.#input, inputWindowBytes);
    this.#tail = new Tail(log.end("output"));
    this.echo = new EchoWatch((on) => options.askEcho(options.stream, on));
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "interactive",
      incoming: [this.#output],
      outgoing: [this.#outgoing],
      owner: {
        onData: (_channel, data) => this.#onOutput(data),
        onEnd: () => {},
        onRoom: () => this.onInputTaken(),
        onResize: () => {}, // agents do not resize
        onClose: (closing) => void this.log.flush().then(() => options.onClosed(closing)),
      },
    });
  }

  /** Offset after the last output byte. */
  get outputEnd(): number {
    return this.log.end("output");
  }

  /** Next input offset wanted from the owner's window. */
  get typedEnd(): number {
    return this.#typedEnd;
  }

  /** Offset after the last byte meant for the agent. */
  get inputEnd(): number {
    return this.#input.end;
  }

  get outputReceived(): { received: number; credit: number; durable: number } {
    return { received: this.#output.received, credit: this.#output.credit, durable: this.#output.durable };
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Since when no window of its person is open, ms since the epoch; null while one is. */
  get detachedSinceMs(): number | null {
    return this.#detachedSinceMs;
  }

  /** The stream begins or goes on over this link. */
  join(mux: StreamMux): void {
    this.#mux = mux;
    if (mux.get(this.end.stream) === undefined) mux.add(this.end);
  }

  /** After a link was lost: what the agent has taken of the input. */
  resumeInput(received: number): void {
    this.#outgoing.resumeAt(received, received + inputWindowBytes, received);
  }

  /** The log says that everything up to here survives. */
  onDurable(output: number): void {
    this.#output.store(output);
    this.#consume();
    this.#mux?.wake();
  }

  attach(viewer: Viewer): void {
    this.#viewers.add(viewer);
    if (viewer.owner) this.#detachedSinceMs = null;
    for (const each of this.#viewers) each.onViewers(this.#viewers.size);
    if (this.#gate !== null && this.#gate.state.state !== "free") viewer.onLine(this.#gate.state);
  }

  detach(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    this.echo.watch(viewer, false);
    if (![...this.#viewers].some((each) => each.owner)) this.#detachedSinceMs ??= this.#clock.now().getTime();
    for (const each of this.#viewers) each.onViewers(this.#viewers.size);
    this.#consume();
    this.#mux?.wake();
  }

  /** A viewer's cursor moved. */
  onProgress(): void {
    this.#consume();
    this.#mux?.wake();
  }

  /**
   * Typed bytes from the owner's window, at an absolute offset: repeated ones are dropped, a gap is refused.
   * @returns false when the window skipped bytes.
   */
  type(offset: number, data: Uint8Array): boolean {
    if (offset > this.#typedEnd) return false;
    const fresh = data.subarray(Math.min(data.length, this.#typedEnd - offset));
    if (fresh.length === 0) return true;
    if (fresh.length > this.#input.room - (this.#gate?.waiting ?? 0)) return false; // the window knows the limit: it keeps input-ack in mind
    this.#typedEnd += fresh.length;
    if (this.#gate === null) this.#forward(fresh);
    else this.#gate.take(fresh);
    return true;
  }

  /** From now on rules look at the lines that are typed here; null: none does. */
  guard(gate: ((forward: (bytes: Uint8Array) => void) => LineGate) | null): void {
    if (gate === null) {
      const before = this.#gate;
      this.#gate = null;
      before?.release();
    } else this.#gate ??= gate((bytes) => this.#forward(bytes));
  }

  /** Of its gate: what windows show, and how much of what they sent is on its way. */
  onLine(state: LineState): void {
    for (const viewer of this.#viewers) viewer.onLine(state);
  }

  onInputTaken(): void {
    const underWay = this.#input.end - this.#outgoing.received + (this.#gate?.waiting ?? 0);
    for (const viewer of this.#viewers) viewer.onInputTaken(this.#typedEnd - underWay);
  }

  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    this.log.resize(columns, rows, this.#clock.now().getTime());
    this.end.resize(columns, rows);
    this.#gate?.onResize(columns, rows);
    this.#mux?.wake();
    for (const viewer of this.#viewers) viewer.onResize(columns, rows);
  }

  /** Output from `offset` if it is still in memory, else null: then it is in the log. */
  readRecent(offset: number, max: number): Uint8Array | null {
    return this.#tail.read(offset, max);
  }

  /** Output from `offset` out of the log. */
  async readLog(store: LogStore, offset: number, max: number): Promise<Uint8Array> {
    const log = await store.open(this.id);
    try {
      for await (const part of log.bytes("output", offset, Math.min(offset + max, log.bytesOf("output")))) return part;
      return new Uint8Array();
    } finally {
      await log.close();
    }
  }

  /** Ends the shell on the agent. */
  close(reason: string): void {
    this.end.close({ exitCode: null, reason });
    this.#mux?.wake();
  }

  /** The log is about to close: what still arrives is dropped, and given credit so that the agent can finish. */
  seal(): void {
    this.#sealed = true;
  }

  /** Over: the windows close. The stream stays with the link until both ends have said CLOSE. */
  leave(): void {
    this.echo.end();
    this.#gate?.end();
    for (const viewer of this.#viewers) viewer.onEnded();
    this.#viewers.clear();
  }

  #onOutput(data: Uint8Array): void {
    if (this.#sealed) {
      this.#output.consume(this.#output.received);
      this.#output.store(this.#output.received);
      return;
    }
    this.log.append("output", data, this.#clock.now().getTime());
    this.#tail.append(data);
    this.#gate?.onPrinted(data);
    this.#consume();
    for (const viewer of this.#viewers) viewer.wake();
  }

  /** Credit goes as far as the fastest window of the owner, or the log when none is open; and no further than the disk keeps up. */
  #consume(): void {
    if (!this.log.hasRoom) return;
    let taken = -1;
    for (const viewer of this.#viewers) if (viewer.owner) taken = Math.max(taken, viewer.cursor);
    this.#output.consume(taken < 0 ? this.outputEnd : taken);
  }

  #forward(bytes: Uint8Array): void {
    this.#input.append(bytes);
    this.#mux?.flush(); // a keystroke waits for nothing
  }
}

// One window on a live session: a cursor on its log that sends no further ahead than the window has consumed. The owner's window gets every
// byte; a watcher who falls behind what memory holds skips ahead to the screen as it is, instead of reading megabytes from the log.
import { decodeTerminalData, offsetBytes, viewerWindowBytes, writeTerminalData } from "@sallyport/protocol/terminal-socket";
import type { WebSocket } from "ws";
import type { LogStore } from "../logs/log-store.ts";
import type { EchoMode } from "../sessions/echo-watch.ts";
import type { SocketControl } from "../sessions/input.ts";
import type { LineState } from "../sessions/line-gate.ts";
import type { LiveSession, Viewer } from "../sessions/live-session.ts";
import type { Screen } from "../sessions/screens.ts";
import { WatcherPace } from "./watcher-pace.ts";

/** One message to the window: a terminal draws this in a few milliseconds. */
const messageBytes = 32 * 1024;
/** Waiting in the socket for a slow network; the cursor stops here. */
const socketBytesMax = 128 * 1024;
/** Messages up to this size come from Node's own pool of small buffers. */
const pooledBytesMax = 2 * 1024;

export type ViewerOutcome = { type: "ended"; reason: string; exitCode: number | null; signal: string | null };

export class SocketViewer implements Viewer {
  readonly userId: string;
  readonly owner: boolean;
  readonly #socket: WebSocket;
  readonly #session: LiveSession;
  readonly #store: LogStore;
  readonly #onOver: () => void;
  #cursor: number;
  #acked: number;
  readonly #free: Buffer[] = [];
  readonly #pace: WatcherPace | null;
  readonly #screenNow: () => Promise<Screen>;
  #reading = false;
  /** It has once been as far as memory goes; one that begins with the history gets the history. */
  #keptUp = false;
  #inputTaken = -1;

  constructor(options: {
    socket: WebSocket;
    session: LiveSession;
    store: LogStore;
    userId: string;
    owner: boolean;
    from: number;
    /** The screen at the end of what is durable. */
    screenNow(): Promise<Screen>;
    onOver(): void;
  }) {
    this.#socket = options.socket;
    this.#session = options.session;
    this.#store = options.store;
    this.userId = options.userId;
    this.owner = options.owner;
    this.#cursor = options.from;
    this.#acked = options.from;
    this.#onOver = options.onOver;
    this.#screenNow = options.screenNow;
    this.#pace = options.owner ? null : new WatcherPace();
    if (this.#pace !== null) this.#socket.on("pong", () => this.#onPong());
  }

  get cursor(): number {
    return this.#cursor;
  }

  wake(): void {
    if (this.#reading) return;
    while (this.#mayRead()) {
      const data = this.#session.readRecent(this.#cursor, this.#messageRoom);
      if (data === null) {
        void (this.#keptUp && !this.owner ? this.#skipAhead() : this.#catchUp());
        return;
      }
      this.#keptUp = true;
      this.#send(data);
    }
    if (this.#pace?.ask(performance.now()) === true && this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  onResize(cols: number, rows: number): void {
    this.#tell({ type: "resize", cols, rows });
  }

  onInputTaken(offset: number): void {
    if (!this.owner || offset === this.#inputTaken) return;
    this.#inputTaken = offset;
    this.#tell({ type: "input-ack", offset });
  }

  onViewers(count: number): void {
    this.#tell({ type: "viewers", count });
  }

  onLine(line: LineState): void {
    this.#tell({ type: "line", line });
  }

  onEcho({ echo, canonical, offset }: EchoMode): void {
    this.#tell({ type: "echo", echo, canonical, offset });
  }

  onEnded(): void {
    void this.#finish();
  }

  /** Typed bytes. Returns a code when the window broke the rules. */
  receiveData(message: Uint8Array): "bad-message" | "read-only" | null {
    const input = decodeTerminalData(message);
    if (input === null) return "bad-message";
    if (!this.owner) return "read-only";
    return this.#session.type(input.offset, input.data) ? null : "bad-message";
  }

  receiveControl(control: Exclude<SocketControl, { type: "end" }>): void {
    switch (control.type) {
      case "ack":
        // An acknowledgement of what was never sent would open the window for ever.
        this.#acked = Math.max(this.#acked, Math.min(control.offset, this.#cursor));
        this.wake();
        return;
      case "resize":
        if (this.owner) this.#session.resize(control.cols, control.rows);
        return;
      case "ping":
        this.#tell({ type: "pong", t: control.t });
        return;
      case "watch-echo":
        // Only who types predicts; whoever looks on need not know that a password is being asked for.
        if (this.owner) this.#session.echo.watch(this, control.on);
        return;
    }
  }

  #mayRead(): boolean {
    return (
      this.#socket.readyState === this.#socket.OPEN &&
      this.#cursor < this.#session.outputEnd &&
      this.#cursor - this.#acked < viewerWindowBytes &&
      this.#socket.bufferedAmount < socketBytesMax &&
      this.#messageRoom > 0
    );
  }

  get #messageRoom(): number {
    return Math.min(messageBytes, this.#pace?.room ?? messageBytes);
  }

  #onPong(): void {
    this.#pace?.answered(performance.now());
    this.wake();
  }

  #send(data: Uint8Array): void {
    const large = data.length > pooledBytesMax;
    const memory = large
      ? (this.#free.pop() ?? Buffer.allocUnsafeSlow(offsetBytes + messageBytes))
      : Buffer.allocUnsafe(offsetBytes + data.length);
    const message = memory.subarray(0, writeTerminalData(memory, this.#cursor, data));
    this.#cursor += data.length;
    this.#pace?.sent(message.length);
    this.#socket.send(message, () => {
      if (large) this.#free.push(memory); // never more than the socket may hold
      if (this.#cursor < this.#session.outputEnd) this.wake();
    });
    this.#session.onProgress();
  }

  /** This window is behind what memory holds: from the log, until it is near the end again. */
  async #catchUp(): Promise<void> {
    this.#reading = true;
    try {
      const data = await this.#session.readLog(this.#store, this.#cursor, this.#messageRoom);
      if (data.length > 0) this.#send(data);
    } finally {
      this.#reading = false;
    }
    this.wake();
  }

  /** What lies between is in the recording; the window shows the screen as it is now and goes on from there. */
  async #skipAhead(): Promise<void> {
    this.#reading = true;
    try {
      const { offset, columns, rows, screen } = await this.#screenNow();
      if (offset > this.#cursor) {
        const message = JSON.stringify({ type: "snapshot", offset, cols: columns, rows, screen });
        this.#cursor = this.#acked = offset;
        this.#pace?.sent(message.length);
        if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(message);
      }
      this.#reading = false;
      this.wake();
    } catch {
      // No screen can be drawn now: the log still has every byte.
      await this.#catchUp();
    }
  }

  /** Sends what is left of the output, as far as the window takes it, then says it is over. */
  async #finish(): Promise<void> {
    const deadline = performance.now() + 5_000;
    while (
      this.#cursor < this.#session.outputEnd &&
      this.#socket.readyState === this.#socket.OPEN &&
      performance.now() < deadline
    ) {
      this.wake();
      await new Promise((resolve) => setTimeout(resolve, 20)); // for the window's acknowledgements
    }
    this.#onOver();
  }

  #tell(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

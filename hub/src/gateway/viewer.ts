// One window on a live session: a cursor on its log that sends no further ahead than the window has consumed.
import { decodeTerminalData, offsetBytes, viewerWindowBytes, writeTerminalData } from "@sallyport/protocol/terminal-socket";
import type { WebSocket } from "ws";
import type { LogStore } from "../logs/log-store.ts";
import type { SocketControl } from "../sessions/input.ts";
import type { LiveSession, Viewer } from "../sessions/live-session.ts";

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
  #reading = false;
  #inputTaken = -1;

  constructor(options: {
    socket: WebSocket;
    session: LiveSession;
    store: LogStore;
    userId: string;
    owner: boolean;
    from: number;
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
  }

  get cursor(): number {
    return this.#cursor;
  }

  wake(): void {
    if (this.#reading) return;
    while (this.#mayRead()) {
      const data = this.#session.readRecent(this.#cursor, messageBytes);
      if (data === null) {
        void this.#catchUp();
        return;
      }
      this.#send(data);
    }
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
    }
  }

  #mayRead(): boolean {
    return (
      this.#socket.readyState === this.#socket.OPEN &&
      this.#cursor < this.#session.outputEnd &&
      this.#cursor - this.#acked < viewerWindowBytes &&
      this.#socket.bufferedAmount < socketBytesMax
    );
  }

  #send(data: Uint8Array): void {
    const large = data.length > pooledBytesMax;
    const memory = large
      ? (this.#free.pop() ?? Buffer.allocUnsafeSlow(offsetBytes + messageBytes))
      : Buffer.allocUnsafe(offsetBytes + data.length);
    const message = memory.subarray(0, writeTerminalData(memory, this.#cursor, data));
    this.#cursor += data.length;
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
      const data = await this.#session.readLog(this.#store, this.#cursor, messageBytes);
      if (data.length > 0) this.#send(data);
    } finally {
      this.#reading = false;
    }
    this.wake();
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

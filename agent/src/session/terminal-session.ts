// A person's terminal: whatever stands behind it joined to one stream. Memory is bounded in both directions, by the ring for output and the
// window for input.
//
//   terminal ──► ring (4 MiB) ──► hub       ring full: the terminal is paused until half of it is free
//   terminal ◄── window (64 KiB) ◄── hub    taken by the terminal: the window moves on
import { inputWindowBytes, outputRingBytes, terminalWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import { type EchoLooks, EchoWatch } from "./echo-watch.ts";
import { KeepTime } from "./keep-time.ts";
import type { Session } from "./session.ts";
import { clampCells, type Terminal, type TerminalOwner } from "./terminal.ts";
import type { TerminalMode } from "./terminal-mode.ts";

const outputChannel = 0;
const inputChannel = 0;

/** Output at least this large at once is a flood, not an echo: more of it follows within microseconds and travels together. */
const floodBytes = 4_000;

export type TerminalSessionOptions = {
  stream: number;
  sessionId: string;
  /** Makes what stands behind it; may throw when that cannot be made. */
  open: (owner: TerminalOwner) => Terminal;
  /** How long the terminal lives without a link. */
  keepMs: number;
  mux: StreamMux;
  echoLooks: EchoLooks;
  /** While watched: the terminal treats what is typed in another way than was last said. */
  onEchoChanged: (mode: TerminalMode, outputOffset: number) => void;
  /** The program is gone and the peer has closed: nothing is left to do. */
  onGone: () => void;
  ringBytes?: number;
};

export class TerminalSession implements Session, StreamOwner {
  readonly sessionId: string;
  readonly end: StreamEnd;
  readonly #mux: StreamMux;
  readonly #terminal: Terminal;
  readonly #echo: EchoWatch;
  readonly #ring: Ring;
  readonly #output: Outgoing;
  readonly #input = new Incoming(inputChannel, inputWindowBytes);
  readonly #keep: KeepTime;
  readonly #onGone: () => void;
  /** Output the full ring did not take, at most one batch. */
  #spill: Buffer | null = null;
  /** Nobody will read more of it. */
  #discarding = false;
  #ended = false;
  #peerClosed = false;

  /** @throws when the terminal cannot be made. */
  constructor(options: TerminalSessionOptions) {
    this.sessionId = options.sessionId;
    this.#mux = options.mux;
    this.#keep = new KeepTime(options.keepMs, () => this.#hangUp());
    this.#onGone = options.onGone;
    this.#ring = new Ring(options.ringBytes ?? outputRingBytes);
    this.#output = new Outgoing(outputChannel, this.#ring, terminalWindowBytes);
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "interactive",
      outgoing: [this.#output],
      incoming: [this.#input],
      owner: this,
    });
    this.#terminal = options.open({
      onOutput: (bytes) => this.#onOutput(bytes),
      onInputTaken: (pending) => this.#onInputTaken(pending),
      onEnd: (closing) => this.#onEnd(closing),
    });
    this.#echo = new EchoWatch({
      looks: options.echoLooks,
      slave: () => this.#terminal.slave,
      outputEnd: () => this.#ring.end,
      tell: options.onEchoChanged,
    });
    this.#mux.add(this.end);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Output is waiting for the hub and the terminal has been told to wait. */
  get paused(): boolean {
    return this.#spill !== null;
  }

  watchEcho(on: boolean): void {
    if (on) this.#echo.start();
    else this.#echo.stop();
  }

  linkLost(): void {
    this.#echo.stop(); // a hub that still needs to know asks again
    if (!this.#ended) this.#keep.begin();
  }

  linkBack(): void {
    this.#keep.stop();
  }

  abandon(): void {
    this.#peerClosed = true;
    this.#hangUp();
    this.#goneWhenDone();
  }

  onData(_channel: number, data: Uint8Array): void {
    this.#input.store(this.#input.received); // a crash of the agent takes the terminal along, so there is nothing to keep
    this.#terminal.write(data);
    this.#echo.activity();
  }

  onEnd(): void {}

  onRoom(): void {
    if (this.#spill === null || this.#ring.room < this.#ring.capacity / 2) return;
    const spill = this.#spill;
    this.#spill = null;
    if (this.#onOutput(spill)) this.#terminal.resume();
  }

  onResize(columns: number, rows: number): void {
    this.#terminal.resize(clampCells(columns), clampCells(rows));
  }

  onClose(): void {
    this.#peerClosed = true;
    this.#hangUp();
    this.#goneWhenDone();
  }

  #onOutput(bytes: Buffer): boolean {
    if (this.#discarding) return true;
    this.#echo.activity();
    const taken = this.#ring.append(bytes);
    if (taken < bytes.length) this.#spill = Buffer.from(bytes.subarray(taken)); // a copy: they are only valid now
    if (bytes.length < floodBytes) this.#mux.flush();
    else this.#mux.wake();
    return this.#spill === null;
  }

  #onInputTaken(pending: number): void {
    this.#input.consume(this.#input.received - pending);
    this.#mux.wake();
  }

  #onEnd(closing: Closing): void {
    this.#ended = true;
    this.#echo.stop();
    this.#keep.stop();
    this.#output.finish();
    this.end.close(this.#keep.over ? { exitCode: null, reason: "agent-kept-too-long" } : closing);
    this.#mux.wake();
    this.#goneWhenDone();
  }

  #hangUp(): void {
    this.#discarding = true;
    this.#spill = null;
    this.#terminal.resume(); // a program blocked on its output would not see that it is hung up
    this.#terminal.hangUp();
  }

  #goneWhenDone(): void {
    if (this.#ended && this.#peerClosed) this.#onGone();
  }
}

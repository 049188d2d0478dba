// A terminal: one pty joined to one stream. Memory is bounded in both directions, by the ring for output and the window for input.
//
//   pty ──► ring (4 MiB) ──► hub       ring full: the pty is paused until half of it is free
//   pty ◄── window (64 KiB) ◄── hub    taken by the kernel: the window moves on
import { inputWindowBytes, outputRingBytes, terminalCellsMax, terminalWindowBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import { type EchoLooks, EchoWatch } from "./echo-watch.ts";
import { Pty, type PtyExit, type PtyOptions } from "./pty.ts";
import { closingOf, type Session } from "./session.ts";
import type { TerminalMode } from "./terminal-mode.ts";

const outputChannel = 0;
const inputChannel = 0;

/** Between the hang-up and the kill: time for an editor to save its swap file. */
const killAfterMs = 2_000;

/** Output at least this large at once is a flood, not an echo: more of it follows within microseconds and travels together. */
const floodBytes = 4_000;

export type PtySessionOptions = {
  stream: number;
  sessionId: string;
  terminal: PtyOptions;
  /** How long the terminal lives without a link. */
  keepMs: number;
  mux: StreamMux;
  echoLooks: EchoLooks;
  /** While watched: the terminal treats what is typed in another way than was last said. */
  onEchoChanged: (mode: TerminalMode, outputOffset: number) => void;
  /** The process is gone and the peer has closed: nothing is left to do. */
  onGone: () => void;
  ringBytes?: number;
};

export class PtySession implements Session, StreamOwner {
  readonly sessionId: string;
  readonly end: StreamEnd;
  readonly #mux: StreamMux;
  readonly #pty: Pty;
  readonly #echo: EchoWatch;
  readonly #ring: Ring;
  readonly #output: Outgoing;
  readonly #input = new Incoming(inputChannel, inputWindowBytes);
  readonly #keepMs: number;
  readonly #onGone: () => void;
  /** Output the full ring did not take, at most one batch. */
  #spill: Buffer | null = null;
  /** Nobody will read more of it. */
  #discarding = false;
  #keptTooLong = false;
  #exit: PtyExit | null = null;
  #peerClosed = false;
  #keepTimer: NodeJS.Timeout | null = null;
  #killTimer: NodeJS.Timeout | null = null;

  /** Starts the process. @throws when the terminal cannot be made. */
  constructor(options: PtySessionOptions) {
    this.sessionId = options.sessionId;
    this.#mux = options.mux;
    this.#keepMs = options.keepMs;
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
    this.#pty = new Pty(options.terminal, {
      onOutput: (bytes) => this.#onOutput(bytes),
      onInputTaken: (pending) => this.#onInputTaken(pending),
      onEnd: (exit) => this.#onEnd(exit),
    });
    this.#echo = new EchoWatch({
      looks: options.echoLooks,
      slave: () => this.#pty.slave,
      outputEnd: () => this.#ring.end,
      tell: options.onEchoChanged,
    });
    this.#mux.add(this.end);
  }

  get ended(): boolean {
    return this.#exit !== null;
  }

  /** Output is waiting for the hub and the pty has been told to wait. */
  get paused(): boolean {
    return this.#spill !== null;
  }

  watchEcho(on: boolean): void {
    if (on) this.#echo.start();
    else this.#echo.stop();
  }

  linkLost(): void {
    this.#echo.stop(); // a hub that still needs to know asks again
    if (this.#exit !== null || this.#keepTimer !== null) return;
    this.#keepTimer = setTimeout(() => {
      this.#keptTooLong = true;
      this.#hangUp();
    }, this.#keepMs);
  }

  linkBack(): void {
    if (this.#keepTimer !== null) clearTimeout(this.#keepTimer);
    this.#keepTimer = null;
  }

  abandon(): void {
    this.#peerClosed = true;
    this.#hangUp();
    this.#goneWhenDone();
  }

  onData(_channel: number, data: Uint8Array): void {
    this.#input.store(this.#input.received); // a crash of the agent takes the terminal along, so there is nothing to keep
    this.#pty.write(data);
    this.#echo.activity();
  }

  onEnd(): void {}

  onRoom(): void {
    if (this.#spill === null || this.#ring.room < this.#ring.capacity / 2) return;
    const spill = this.#spill;
    this.#spill = null;
    if (this.#onOutput(spill)) this.#pty.resume();
  }

  onResize(columns: number, rows: number): void {
    this.#pty.resize(clampCells(columns), clampCells(rows));
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

  #onEnd(exit: PtyExit): void {
    this.#exit = exit;
    this.#echo.stop();
    this.linkBack();
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#output.finish();
    this.end.close(this.#keptTooLong ? { exitCode: null, reason: "agent-kept-too-long" } : closingOf(exit));
    this.#mux.wake();
    this.#goneWhenDone();
  }

  /** What a modem did: HUP to the session, and KILL to who does not listen. */
  #hangUp(): void {
    this.#discarding = true;
    this.#spill = null;
    this.#pty.resume(); // a process blocked on its output would not see the signal's handler run
    if (!this.#pty.signalGroup("SIGHUP")) return;
    this.#killTimer ??= setTimeout(() => this.#pty.signalGroup("SIGKILL"), killAfterMs);
  }

  #goneWhenDone(): void {
    if (this.#exit !== null && this.#peerClosed) this.#onGone();
  }
}

export const clampCells = (cells: number): number => Math.max(1, Math.min(terminalCellsMax, Math.trunc(cells) || 1));

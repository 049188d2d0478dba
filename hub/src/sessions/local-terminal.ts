// A terminal whose program runs in the hub itself: to the session it is a stream like an agent's, so it is recorded, watched and replayed like any other.
//
//   LiveSession ◄══ output ring (1 MiB)   ◄── Writable ◄── program     ring full: the program waits
//   LiveSession ══► input window (64 KiB) ──► Readable ──► program     not read: nothing more is taken
import { Duplex } from "node:stream";
import { inputWindowBytes, terminalWindowBytes } from "@sallyport/protocol/limits";
import type { Frame } from "@sallyport/protocol/stream/frame";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";

/** There is one stream between the two, so it needs no number that tells it from others. */
export const localStream = 1;

/** What the log has not made durable yet is kept here, so it must hold what is written between two fsyncs, a tenth of a second. */
const outputRingBytes = 1024 * 1024;

/** Written at once: always less than the ring holds. */
const pieceBytes = 32 * 1024;

export class LocalTerminal extends Duplex {
  /** What a program asks before it edits lines. */
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** The session's side: for LiveSession.join(). */
  readonly mux: StreamMux;
  readonly #own: StreamMux;
  readonly #ring = new Ring(outputRingBytes);
  readonly #output = new Outgoing(0, this.#ring, terminalWindowBytes);
  readonly #input = new Incoming(0, inputWindowBytes);
  readonly #end: StreamEnd;
  #onRoom: (() => void) | null = null;

  constructor({ columns, rows }: { columns: number; rows: number }) {
    super({ allowHalfOpen: true });
    this.columns = columns;
    this.rows = rows;
    const options = { onFault: () => this.destroy(), onStray: () => {} };
    this.mux = new StreamMux(options);
    this.#own = new StreamMux(options);
    this.#end = new StreamEnd({
      stream: localStream,
      priority: "interactive",
      incoming: [this.#input],
      outgoing: [this.#output],
      owner: {
        onData: (_channel, data) => this.#onInput(data),
        onEnd: () => {},
        onRoom: () => this.#goOn(),
        onResize: (width, height) => this.#onResize(width, height),
        onClose: () => this.destroy(), // the session was ended from outside
      },
    });
    this.#own.add(this.#end);
    this.mux.attach(sinkTo(this.#own));
    this.#own.attach(sinkTo(this.mux));
  }

  /** The program is over; everything it wrote goes out first. */
  exit(exitCode: number): void {
    this.#output.finish();
    this.#end.close({ exitCode, reason: "exit" });
    this.#own.wake();
  }

  override _read(): void {
    this.#input.consume(this.#input.received);
    this.#own.wake();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    let at = 0;
    const goOn = (): void => {
      while (at < chunk.length) {
        const piece = chunk.subarray(at, at + pieceBytes);
        if (this.#ring.room < piece.length) {
          this.#onRoom = goOn;
          this.#own.wake();
          return;
        }
        this.#ring.append(piece);
        at += piece.length;
      }
      this.#own.flush();
      done();
    };
    goOn();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#onRoom = null;
    this.#end.close({ exitCode: null, reason: "ended" });
    this.#own.wake();
    done(error);
  }

  #onInput(data: Uint8Array): void {
    const { received } = this.#input;
    this.#input.store(received);
    // A copy: the ring's memory goes on to what is typed next.
    if (this.push(Buffer.from(data))) this.#input.consume(received);
    this.#own.wake();
  }

  #goOn(): void {
    const go = this.#onRoom;
    this.#onRoom = null;
    go?.();
  }

  #onResize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit("resize");
  }
}

/** Frames cross at once, and whoever gets one keeps nothing of it. */
const sinkTo = (peer: StreamMux) => ({ writable: () => true, write: (frame: Frame) => peer.receive(frame) });

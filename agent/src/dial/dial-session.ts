// A dialled connection: one socket joined to one stream. Memory is bounded in both directions, by the ring and by the window.
//
//   socket ──► ring (4 MiB) ──► hub     ring full: the socket is paused until half of it is free
//   socket ◄── window ◄── hub           written to the kernel: the window moves on
//
//   open ──either side ends its half: EOF──► half open ──the other side too──► closed
//     └────────── reset, CLOSE from the hub, kept too long without a link ──────────▲
import type net from "node:net";
import { bulkWindowBytes, dialRingBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import { KeepTime } from "../session/keep-time.ts";
import type { Session } from "../session/session.ts";

/** Bytes the person sent just before leaving still go out; a peer that takes none of them is not waited for. */
const lingerMs = 5_000;

/** All dialled sockets are read into it, one at a time: the ring copies the bytes before the callback returns. */
const scratch = Buffer.allocUnsafeSlow(64 * 1_024);

export type DialSessionOptions = {
  stream: number;
  sessionId: string;
  keepMs: number;
  mux: StreamMux;
  onGone: () => void;
};

export class DialSession implements Session, StreamOwner {
  readonly sessionId: string;
  readonly end: StreamEnd;
  readonly #mux: StreamMux;
  readonly #ring = new Ring(dialRingBytes);
  readonly #output = new Outgoing(0, this.#ring, bulkWindowBytes);
  readonly #input = new Incoming(0, bulkWindowBytes);
  readonly #keep: KeepTime;
  readonly #onGone: () => void;
  #socket: net.Socket | null = null;
  /** What the full ring did not take, at most one read. */
  #spill: Buffer | null = null;
  #written = 0;
  #ended = false;
  #peerClosed = false;
  #fault: string | null = null;

  constructor(options: DialSessionOptions) {
    this.sessionId = options.sessionId;
    this.#mux = options.mux;
    this.#keep = new KeepTime(options.keepMs, () => this.#socket?.destroy());
    this.#onGone = options.onGone;
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "bulk",
      outgoing: [this.#output],
      incoming: [this.#input],
      owner: this,
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The connection stands: from now on bytes flow. */
  begin(socket: net.Socket): void {
    this.#socket = socket;
    socket.on("end", () => {
      this.#output.finish();
      this.#mux.wake();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#fault = error.code === "ECONNRESET" || error.code === "EPIPE" ? "reset" : "failed";
    });
    socket.on("close", () => this.#closed());
    this.#mux.add(this.end);
    socket.resume();
  }

  /** For the socket: how it is read. */
  get onread(): net.OnReadOpts {
    return { buffer: scratch, callback: (bytes) => this.#take(scratch.subarray(0, bytes)) };
  }

  linkLost(): void {
    if (!this.#ended) this.#keep.begin();
  }

  linkBack(): void {
    this.#keep.stop();
  }

  abandon(): void {
    this.#peerClosed = true;
    this.#socket?.destroy();
    this.#goneWhenDone();
  }

  onData(_channel: number, data: Uint8Array): void {
    this.#input.store(this.#input.received); // a crash of the agent takes the connection along, so there is nothing to keep
    const { length } = data;
    if (this.#socket === null || this.#socket.destroyed || this.#socket.writableEnded) {
      this.#taken(length);
      return;
    }
    this.#socket.write(Buffer.from(data), () => this.#taken(length)); // a copy: the link's memory is only ours now
  }

  onEnd(): void {
    this.#socket?.end();
  }

  onRoom(): void {
    if (this.#spill === null || this.#ring.room < this.#ring.capacity / 2) return;
    const spill = this.#spill;
    this.#spill = null;
    if (this.#take(spill)) this.#socket?.resume();
  }

  onResize(): void {}

  onClose(): void {
    this.#peerClosed = true;
    const socket = this.#socket;
    if (socket !== null && !socket.destroyed) {
      socket.end();
      socket.resume(); // what it still says is not read by anybody, but must not keep it open
      setTimeout(() => socket.destroy(), lingerMs).unref();
    }
    this.#goneWhenDone();
  }

  /** Bytes of the socket. False: no more of them until there is room. */
  #take(bytes: Uint8Array): boolean {
    const taken = this.#ring.append(bytes);
    this.#mux.wake();
    if (taken === bytes.length) return true;
    this.#spill = Buffer.from(bytes.subarray(taken)); // a copy: they are only valid now
    this.#socket?.pause();
    return false;
  }

  #taken(bytes: number): void {
    this.#written += bytes;
    this.#input.consume(this.#written);
    this.#mux.wake();
  }

  #closed(): void {
    this.#ended = true;
    this.#keep.stop();
    this.#output.finish();
    const closing: Closing = { exitCode: null, reason: this.#keep.over ? "agent-kept-too-long" : (this.#fault ?? "closed") };
    this.end.close(closing);
    this.#mux.wake();
    this.#goneWhenDone();
  }

  #goneWhenDone(): void {
    if (this.#ended && this.#peerClosed) this.#onGone();
  }
}

// A command on a neighbour: one channel joined to one stream. Memory is bounded in every direction, by a ring each and by the window.
//
//   stdout ──► ring ──► channel 0 ──► hub    ring full: the neighbour is given no more window until half of it is free
//   stderr ──► ring ──► channel 1 ──► hub
//   stdin  ◄── window ◄────────────── hub    given to the neighbour: the window moves on
import type { Readable } from "node:stream";
import { bulkWindowBytes, execRingBytes } from "@sallyport/protocol/limits";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import type { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { type Closing, StreamEnd, type StreamOwner } from "@sallyport/protocol/stream/stream-end";
import type { ClientChannel } from "ssh2";
import { KeepTime } from "../session/keep-time.ts";
import type { Session } from "../session/session.ts";
import { onChannelEnd } from "./channel-end.ts";
import type { SshConnection } from "./connection.ts";

export type ExecSessionOptions = {
  stream: number;
  sessionId: string;
  connection: SshConnection;
  channel: ClientChannel;
  /** Given to the command before anything of the stream, and wiped. */
  secretLines: Buffer | null;
  keepMs: number;
  /** 0: no limit. */
  timeoutMs: number;
  /** Per channel; 0: no limit. */
  outputBytesMax: number;
  mux: StreamMux;
  onGone: () => void;
};

/** One of the two outputs, on its way into its ring. */
class Output {
  readonly outgoing: Outgoing;
  readonly #source: Readable;
  readonly #ring = new Ring(execRingBytes);
  readonly #bytesMax: number;
  /** What the full ring did not take, at most one packet. */
  #spill: Uint8Array | null = null;

  constructor(channel: number, source: Readable, bytesMax: number) {
    this.outgoing = new Outgoing(channel, this.#ring, bulkWindowBytes);
    this.#source = source;
    this.#bytesMax = bytesMax === 0 ? Number.MAX_SAFE_INTEGER : bytesMax;
  }

  /** False: it was more than may be passed on. */
  take(bytes: Uint8Array): boolean {
    const kept = bytes.subarray(0, this.#bytesMax - this.#ring.end);
    const taken = this.#ring.append(kept);
    if (taken < kept.length) {
      this.#spill = kept.subarray(taken);
      this.#source.pause();
    }
    return kept.length === bytes.length;
  }

  onRoom(): void {
    if (this.#spill === null || this.#ring.room < this.#ring.capacity / 2) return;
    const spill = this.#spill;
    this.#spill = null;
    this.take(spill);
    if (this.#spill === null) this.#source.resume();
  }

  /** Nobody wants more of it, but what ends behind it must be seen. */
  discard(): void {
    this.#spill = null;
    this.#source.removeAllListeners("data");
    this.#source.resume();
  }
}

export class ExecSession implements Session, StreamOwner {
  readonly sessionId: string;
  readonly end: StreamEnd;
  readonly #options: ExecSessionOptions;
  readonly #outputs: [Output, Output];
  readonly #input = new Incoming(0, bulkWindowBytes);
  readonly #keep: KeepTime;
  readonly #timer: NodeJS.Timeout | null = null;
  #written = 0;
  #ended = false;
  #peerClosed = false;
  /** Why we ended it. */
  #fault: string | null = null;

  constructor(options: ExecSessionOptions) {
    const { connection, channel, secretLines, mux } = options;
    this.sessionId = options.sessionId;
    this.#options = options;
    this.#keep = new KeepTime(options.keepMs, () => this.#stop("agent-kept-too-long"));
    this.#outputs = [new Output(0, channel, options.outputBytesMax), new Output(1, channel.stderr, options.outputBytesMax)];
    this.end = new StreamEnd({
      stream: options.stream,
      priority: "bulk",
      outgoing: this.#outputs.map(({ outgoing }) => outgoing),
      incoming: [this.#input],
      owner: this,
    });
    if (options.timeoutMs > 0) this.#timer = setTimeout(() => this.#stop("timeout"), options.timeoutMs);
    mux.add(this.end);
    if (secretLines !== null) channel.write(secretLines, () => secretLines.fill(0));
    for (const [at, source] of [channel, channel.stderr].entries()) {
      source.on("data", (bytes: Buffer) => {
        connection.delivered(bytes.length);
        if (!this.#outputs[at]?.take(bytes)) this.#stop("output-limit");
        mux.wake();
      });
      source.on("end", () => {
        this.#outputs[at]?.outgoing.finish();
        mux.wake();
      });
    }
    onChannelEnd(connection, channel, (closing) => this.#onEnd(closing));
  }

  get ended(): boolean {
    return this.#ended;
  }

  linkLost(): void {
    if (!this.#ended) this.#keep.begin();
  }

  linkBack(): void {
    this.#keep.stop();
  }

  abandon(): void {
    this.onClose();
  }

  onData(_channel: number, data: Uint8Array): void {
    this.#input.store(this.#input.received); // a crash of the agent takes the command's stdin along, so there is nothing to keep
    const { channel } = this.#options;
    const { length } = data;
    if (this.#ended || !channel.writable) this.#taken(length);
    else channel.write(Buffer.from(data), () => this.#taken(length)); // a copy: the link's memory is only ours now
  }

  onEnd(): void {
    if (!this.#ended) this.#options.channel.end();
  }

  onRoom(channel: number): void {
    this.#outputs[channel]?.onRoom();
  }

  onResize(): void {}

  onClose(): void {
    this.#peerClosed = true;
    this.#stop("peer-closed");
    this.#goneWhenDone();
  }

  #taken(bytes: number): void {
    this.#written += bytes;
    this.#input.consume(this.#written);
    this.#options.mux.wake();
  }

  /** Ends the command: there is no pty whose loss would tell it, so it is told. */
  #stop(why: string): void {
    if (this.#ended || this.#fault !== null) return;
    this.#fault = why;
    for (const output of this.#outputs) output.discard();
    const { channel, connection } = this.#options;
    channel.signal("TERM");
    channel.close();
    connection.end();
  }

  #onEnd(closing: Closing): void {
    this.#ended = true;
    this.#keep.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const { outgoing } of this.#outputs) outgoing.finish();
    this.end.close(this.#fault === null ? closing : { exitCode: null, reason: this.#fault });
    this.#options.mux.wake();
    this.#goneWhenDone();
  }

  #goneWhenDone(): void {
    if (this.#ended && this.#peerClosed) this.#options.onGone();
  }
}

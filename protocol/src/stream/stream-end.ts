// One end of one stream: its channels in both directions and what is waiting to be said. No queue: frames are cut on demand.
//
//                 open order accepted
//                        │
//                   ┌────▼────┐  link lost   ┌──────────┐
//                   │  live   ├─────────────►│ detached │   sources keep filling up to their cap
//                   │         │◄─────────────┤          │   resumeAt(what the peer has)
//                   └────┬────┘  relink      └────┬─────┘
//          close() or    │                        │ kept too long
//          peer's CLOSE  │                        │
//                   ┌────▼────┐                   │
//                   │ closing │  our CLOSE goes out after the last byte and EOF of every channel
//                   └────┬────┘                   │
//          both CLOSEs   │                        │
//                   ┌────▼────────────────────────▼┐
//                   │            closed            │
//                   └──────────────────────────────┘
import type { Frame } from "./frame.ts";
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./outgoing.ts";
import { StreamFault } from "./stream-fault.ts";

export type Closing = { exitCode: number | null; reason: string };

/** What a stream tells its owner: a terminal session, an execution, a spool. */
export type StreamOwner = {
  /** New bytes of an incoming channel, in order, each byte once. Valid until it returns, unless copied. */
  onData(channel: number, data: Uint8Array, offset: number): void;
  /** An incoming channel is complete. */
  onEnd(channel: number): void;
  /** The peer stored or took some of an outgoing channel: its source has room again. */
  onRoom(channel: number): void;
  onResize(columns: number, rows: number): void;
  /** The peer closed: nothing more comes. Called once. */
  onClose(closing: Closing): void;
};

/** Interactive streams go before bulk ones whenever both have something to send. */
export type StreamPriority = "interactive" | "bulk";

export class StreamEnd {
  readonly stream: number;
  readonly priority: StreamPriority;
  readonly outgoing: ReadonlyMap<number, Outgoing>;
  readonly incoming: ReadonlyMap<number, Incoming>;
  readonly #owner: StreamOwner;
  #resize: { columns: number; rows: number } | null = null;
  #closing: Closing | null = null;
  #closeSent = false;
  #peerClosed = false;

  constructor(options: {
    stream: number;
    priority: StreamPriority;
    outgoing: Outgoing[];
    incoming: Incoming[];
    owner: StreamOwner;
  }) {
    this.stream = options.stream;
    this.priority = options.priority;
    this.outgoing = new Map(options.outgoing.map((half) => [half.channel, half]));
    this.incoming = new Map(options.incoming.map((half) => [half.channel, half]));
    this.#owner = options.owner;
  }

  /** Both sides have said CLOSE. */
  get closed(): boolean {
    return this.#peerClosed && this.#closeSent;
  }

  get closing(): Closing | null {
    return this.#closing;
  }

  /** Says CLOSE once every outgoing channel that was finished has gone out. The first closing stands. */
  close(closing: Closing): void {
    this.#closing ??= closing;
  }

  /** The newest size wins; older ones need not arrive. */
  resize(columns: number, rows: number): void {
    this.#resize = { columns, rows };
  }

  /** How far the peer may run ahead, from now on. */
  resizeWindow(bytes: number): void {
    for (const half of this.incoming.values()) half.resizeWindow(bytes);
  }

  /** @throws StreamFault when the peer breaks a rule of this stream. */
  receive(frame: Frame): void {
    switch (frame.kind) {
      case "data": {
        const half = this.#incomingOf(frame.channel);
        const offset = half.received;
        const fresh = half.accept(frame.offset, frame.data);
        if (fresh.length > 0) this.#owner.onData(frame.channel, fresh, offset);
        if (half.complete) this.#owner.onEnd(frame.channel);
        return;
      }
      case "eof": {
        const half = this.#incomingOf(frame.channel);
        half.end(frame.offset);
        if (half.complete) this.#owner.onEnd(frame.channel);
        return;
      }
      case "ack":
        this.#outgoingOf(frame.channel).acknowledge(frame.offset, frame.credit, frame.durable);
        this.#owner.onRoom(frame.channel);
        return;
      case "resume":
        this.#outgoingOf(frame.channel).resumeFrom(frame.offset);
        return;
      case "resize":
        this.#owner.onResize(frame.columns, frame.rows);
        return;
      case "close": {
        const first = !this.#peerClosed;
        this.#peerClosed = true;
        this.#closing ??= { exitCode: null, reason: "peer-closed" };
        if (first) this.#owner.onClose({ exitCode: frame.exitCode, reason: frame.reason });
        else if (!this.closed) this.#closeSent = false; // asked again after a relink: answer again
        return;
      }
    }
  }

  /** The next frame to send, or null. `lazy` includes acknowledgements that can wait for a tick. */
  take(lazy: boolean): Frame | null {
    const stream = this.stream;
    if (this.#resize !== null) {
      const resize = this.#resize;
      this.#resize = null;
      return { kind: "resize", stream, ...resize };
    }
    for (const half of this.incoming.values()) {
      if (!(lazy ? half.stale : half.urgent)) continue;
      const due = half.take();
      if (due !== null) return { ...due, stream, channel: half.channel };
    }
    for (const half of this.outgoing.values()) {
      if (this.#peerClosed) break; // nobody reads any more
      const due = half.take();
      if (due !== null) return { ...due, stream, channel: half.channel };
    }
    if (this.#closing !== null && !this.#closeSent && this.#outgoingDone()) {
      this.#closeSent = true;
      return { kind: "close", stream, ...this.#closing };
    }
    return null;
  }

  /** The link is new: repeat what the peer may have missed. */
  relink(): void {
    for (const half of this.incoming.values()) half.relink();
    this.#closeSent = false;
  }

  #outgoingDone(): boolean {
    if (this.#peerClosed) return true;
    for (const half of this.outgoing.values()) if (half.ready || half.blockedByCredit) return false;
    return true;
  }

  #incomingOf(channel: number): Incoming {
    const half = this.incoming.get(channel);
    if (half === undefined) throw new StreamFault("bad-channel", `no incoming channel ${channel}`);
    return half;
  }

  #outgoingOf(channel: number): Outgoing {
    const half = this.outgoing.get(channel);
    if (half === undefined) throw new StreamFault("bad-channel", `no outgoing channel ${channel}`);
    return half;
  }
}

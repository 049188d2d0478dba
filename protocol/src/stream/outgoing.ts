// The sending half of one channel.
//
//     start ≤ durable ≤ received ≤ sent ≤ min(credit, end)
//
//   received  the peer has all before it        credit   we may send up to here
//   durable   the peer has stored all before it; the source may forget it
//
// Nothing is queued here: frames are cut from the source when the link has room.
import { sliceBytesMax, windowBytesMax } from "../limits.ts";
import type { ByteSource } from "./ring.ts";
import { StreamFault } from "./stream-fault.ts";

export class Outgoing {
  readonly channel: number;
  readonly source: ByteSource;
  #sent: number;
  #received: number;
  #credit: number;
  #finalOffset: number | null = null;
  #eofDue = false;

  /** @param credit what both ends agree the receiver grants before it says anything. */
  constructor(channel: number, source: ByteSource, credit: number) {
    this.channel = channel;
    this.source = source;
    this.#sent = source.start;
    this.#received = source.start;
    this.#credit = source.start + credit;
  }

  /** Offset up to which the peer has everything. */
  get received(): number {
    return this.#received;
  }

  /** All bytes and the end of the channel have been given to the link and acknowledged. */
  get drained(): boolean {
    return this.#finalOffset !== null && this.source.start >= this.#finalOffset && !this.#eofDue;
  }

  get ready(): boolean {
    return this.#sent < Math.min(this.#credit, this.source.end) || (this.#eofDue && this.#sent === this.#finalOffset);
  }

  /** Bytes are there that the peer has no room for yet. */
  get blockedByCredit(): boolean {
    return this.#sent < this.source.end;
  }

  /** The source will grow no further. */
  finish(): void {
    if (this.#finalOffset !== null) return;
    this.#finalOffset = this.source.end;
    this.#eofDue = true;
  }

  /** Next bytes to send, at most one slice; or the end of the channel; or null while nothing may go. */
  take(): { kind: "data"; offset: number; data: Uint8Array } | { kind: "eof"; offset: number } | null {
    const limit = Math.min(this.#credit, this.source.end);
    if (this.#sent < limit) {
      const offset = this.#sent;
      const data = this.source.read(offset, Math.min(limit - offset, sliceBytesMax));
      this.#sent += data.length;
      return { kind: "data", offset, data };
    }
    if (this.#eofDue && this.#sent === this.#finalOffset) {
      this.#eofDue = false;
      return { kind: "eof", offset: this.#sent };
    }
    return null;
  }

  /** @throws StreamFault when the peer speaks of bytes we never sent, or grants more than it may. */
  acknowledge(received: number, credit: number, durable: number): void {
    if (received > this.#sent) throw new StreamFault("bad-offset", `acknowledged ${received}, sent ${this.#sent}`);
    if (durable > received) throw new StreamFault("bad-offset", `durable ${durable} beyond received ${received}`);
    if (credit > received + windowBytesMax)
      throw new StreamFault("bad-window", `credit ${credit} is ${credit - received} ahead, at most ${windowBytesMax}`);
    // Frames of one link arrive in order, so a smaller number is an old one that crossed a resume.
    if (received > this.#received) this.#received = received;
    if (credit > this.#credit) this.#credit = credit;
    if (durable > this.source.start) this.source.release(durable);
  }

  /** The peer saw a gap, or the link is new: go on from `offset`. */
  resumeFrom(offset: number): void {
    if (offset > this.source.end) throw new StreamFault("bad-offset", `resume from ${offset}, only ${this.source.end} exist`);
    if (offset < this.source.start) throw new StreamFault("gone", `resume from ${offset}, held from ${this.source.start}`);
    this.#sent = offset;
    if (offset > this.#received) this.#received = offset;
    if (this.#finalOffset !== null) this.#eofDue = true;
  }

  /** After a link was lost: what the peer said it has, may take and has stored. */
  resumeAt(received: number, credit: number, durable: number): void {
    this.resumeFrom(received);
    this.acknowledge(received, credit, durable);
  }
}

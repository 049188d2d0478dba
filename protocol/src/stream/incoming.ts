// The receiving half of one channel.
//
//     durable ≤ consumed ≤ received ≤ credit = consumed + window
//
// The owner says when bytes are consumed (taken by whoever they are for) and durable (safe from a crash);
// a gap is answered by one `resume` until the missing bytes come.
import { StreamFault } from "./stream-fault.ts";

export class Incoming {
  readonly channel: number;
  #received: number;
  #consumed: number;
  #durable: number;
  #window: number;
  #ackedReceived: number;
  #ackedCredit: number;
  #ackedDurable: number;
  #resumeDue = false;
  #gapReported = false;
  #finalOffset: number | null = null;

  constructor(channel: number, window: number, start = 0) {
    this.channel = channel;
    this.#received = start;
    this.#consumed = start;
    this.#durable = start;
    this.#window = window;
    this.#ackedReceived = start;
    this.#ackedCredit = start + window;
    this.#ackedDurable = start;
  }

  get received(): number {
    return this.#received;
  }

  get durable(): number {
    return this.#durable;
  }

  get credit(): number {
    return Math.max(this.#consumed + this.#window, this.#ackedCredit);
  }

  /** Everything up to the announced end has arrived. */
  get complete(): boolean {
    return this.#finalOffset !== null && this.#received === this.#finalOffset;
  }

  /** Worth a frame now: a gap, or a quarter of the window to give back. */
  get urgent(): boolean {
    return this.#resumeDue || this.credit - this.#ackedCredit >= this.#window / 4;
  }

  /** Worth a frame at the next tick: anything the peer does not know yet. */
  get stale(): boolean {
    return (
      this.urgent || this.#received > this.#ackedReceived || this.credit > this.#ackedCredit || this.#durable > this.#ackedDurable
    );
  }

  /**
   * Takes a DATA frame and returns the bytes not seen before (perhaps none).
   * @throws StreamFault when the peer sent beyond its credit or beyond its own end.
   */
  accept(offset: number, data: Uint8Array): Uint8Array {
    const end = offset + data.length;
    if (end > this.credit) throw new StreamFault("over-credit", `data up to ${end}, credit ${this.credit}`);
    if (this.#finalOffset !== null && end > this.#finalOffset)
      throw new StreamFault("bad-offset", `data up to ${end}, channel ended at ${this.#finalOffset}`);
    if (offset > this.#received) {
      this.#reportGap();
      return data.subarray(0, 0);
    }
    if (end <= this.#received) return data.subarray(0, 0);
    const fresh = data.subarray(this.#received - offset);
    this.#received = end;
    this.#gapReported = false;
    return fresh;
  }

  /** The peer's channel ends at `offset`. */
  end(offset: number): void {
    if (offset < this.#received) throw new StreamFault("bad-offset", `ends at ${offset}, already received ${this.#received}`);
    if (this.#finalOffset !== null && offset !== this.#finalOffset)
      throw new StreamFault("bad-offset", `ends at ${offset}, said ${this.#finalOffset} before`);
    this.#finalOffset = offset;
    if (offset > this.#received) this.#reportGap();
  }

  /** Bytes before `offset` have been taken: the peer may send more. */
  consume(offset: number): void {
    if (offset > this.#consumed) this.#consumed = Math.min(offset, this.#received);
  }

  /** Bytes before `offset` survive a crash of this process: the peer may forget them. */
  store(offset: number): void {
    if (offset > this.#durable) this.#durable = Math.min(offset, this.#received);
  }

  /** A smaller window takes nothing back that was granted; a larger one counts at once. */
  resizeWindow(window: number): void {
    this.#window = window;
  }

  /** A new link: what was in flight is gone, so ask again for what is missing if it comes. */
  relink(): void {
    this.#gapReported = false;
    this.#resumeDue = false;
    this.#ackedReceived = -1; // forces an ack, so that the peer hears our numbers
  }

  take(): { kind: "resume"; offset: number } | { kind: "ack"; offset: number; credit: number; durable: number } | null {
    if (this.#resumeDue) {
      this.#resumeDue = false;
      return { kind: "resume", offset: this.#received };
    }
    if (!this.stale) return null;
    this.#ackedReceived = this.#received;
    this.#ackedCredit = this.credit;
    this.#ackedDurable = this.#durable;
    return { kind: "ack", offset: this.#received, credit: this.#ackedCredit, durable: this.#durable };
  }

  #reportGap(): void {
    if (this.#gapReported) return; // one request per gap: the frames behind it are already on their way
    this.#gapReported = true;
    this.#resumeDue = true;
  }
}

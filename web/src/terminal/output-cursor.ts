// Where this viewer stands in the session's output: drops what it has seen, notices a gap, and says when to acknowledge.

/** Half of the largest distance the contract allows between two acknowledgements, so that the hub's window never runs dry. */
const acknowledgeEveryBytes = 32 * 1024;

export class OutputCursor {
  #received: number | null = null;
  #consumed = 0;
  #acknowledged = 0;

  /** Next offset wanted from the hub; null while there is no screen to continue. */
  get next(): number | null {
    return this.#received;
  }

  /** A screen was drawn that stands for all output before `offset`. */
  startAt(offset: number): void {
    this.#received = offset;
    this.#consumed = offset;
    this.#acknowledged = offset;
  }

  /** The part of `data` not seen before (possibly empty), or "gap" when bytes between are missing. */
  accept(offset: number, data: Uint8Array): Uint8Array | "gap" {
    const received = this.#received ?? offset;
    if (offset > received) return "gap";
    this.#received = Math.max(received, offset + data.length);
    return data.subarray(Math.min(data.length, received - offset));
  }

  /** The terminal has drawn everything before `offset`. Late calls from before a snapshot change nothing. */
  consumed(offset: number): void {
    this.#consumed = Math.max(this.#consumed, offset);
  }

  get acknowledgementIsDue(): boolean {
    return this.#consumed - this.#acknowledged >= acknowledgeEveryBytes;
  }

  /** The offset to acknowledge, marked as told; null when the hub knows it already. */
  takeAcknowledgement(): number | null {
    if (this.#consumed === this.#acknowledged) return null;
    this.#acknowledged = this.#consumed;
    return this.#consumed;
  }
}

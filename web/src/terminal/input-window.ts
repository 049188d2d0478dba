// Typed bytes on their way to the hub: kept until the hub says it has them, so that a lost socket loses no keystroke.
//
//   start ──── sent ──── end          all absolute offsets in the session's input
//     └ unacked ┘└ waiting ┘
//
// Invariant: sent − start ≤ unackedBytesMax, and bytes start…end are all held here.
import { inputWindowBytes } from "@sallyport/protocol/limits";

/** The hub takes no more unacknowledged input than this. */
export const unackedBytesMax = inputWindowBytes;

/** Held for a hub that is away. A larger backlog would arrive long after the person has forgotten it. */
const heldBytesMax = 1024 * 1024;

export interface InputChunk {
  offset: number;
  data: Uint8Array;
}

export class InputWindow {
  #start = 0;
  #sent = 0;
  #held = new Uint8Array(0);

  /** Offset after everything typed so far. */
  get end(): number {
    return this.#start + this.#held.length;
  }

  get unackedBytes(): number {
    return this.#sent - this.#start;
  }

  /** Takes what was typed. False, and nothing taken, when too much is waiting already. */
  push(data: Uint8Array): boolean {
    if (this.#held.length + data.length > heldBytesMax) return false;
    const held = new Uint8Array(this.#held.length + data.length);
    held.set(this.#held);
    held.set(data, this.#held.length);
    this.#held = held;
    return true;
  }

  /** What may be sent now, marked as sent; null when the window is full or nothing waits. */
  take(): InputChunk | null {
    const from = this.#sent - this.#start;
    const until = Math.min(this.#held.length, unackedBytesMax);
    if (until <= from) return null;
    const chunk = { offset: this.#sent, data: this.#held.subarray(from, until) };
    this.#sent = this.#start + until;
    return chunk;
  }

  /** The hub holds all input before `offset`. An offset past ours means that another window of the same person typed. */
  acknowledge(offset: number): void {
    if (offset <= this.#start) return;
    const taken = Math.min(offset - this.#start, this.#held.length);
    this.#held = this.#held.slice(taken);
    this.#start = offset;
    this.#sent = Math.max(this.#sent, offset);
  }

  /** A new socket: the hub expects `offset` next, and everything after it is to be sent again. */
  resume(offset: number): void {
    this.acknowledge(offset);
    this.#start = offset;
    this.#sent = offset;
  }
}

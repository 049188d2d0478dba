// How fast a watcher's network takes what the hub sends, so that no more is under way than it reads in about a second: what is under way
// can no longer be skipped. Pure; the WebSocket's own ping and pong are the clock, since every client answers them in order with the data.
import { viewerWindowBytes } from "@sallyport/protocol/terminal-socket";

/** A screen's worth of text. Doubles with every answer in time: full speed after seven round trips. */
const leastBytes = 2 * 1024;
const aimMs = 1_000;

export class WatcherPace {
  #allowance = leastBytes;
  #sent = 0;
  #askedAtMs: number | null = null;

  /** Bytes that may be sent now. */
  get room(): number {
    return Math.max(0, this.#allowance - this.#sent);
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** True when a ping is to be sent now: the allowance is used up and none is under way. */
  ask(nowMs: number): boolean {
    if (this.room > 0 || this.#askedAtMs !== null) return false;
    this.#askedAtMs = nowMs;
    return true;
  }

  /** The pong is here: all that was sent before it has been read. */
  answered(nowMs: number): void {
    if (this.#askedAtMs === null) return;
    const elapsedMs = Math.max(1, nowMs - this.#askedAtMs);
    const readInTime = (this.#sent * aimMs) / elapsedMs;
    this.#allowance = Math.round(Math.min(viewerWindowBytes, Math.max(leastBytes, Math.min(readInTime, this.#allowance * 2))));
    this.#askedAtMs = null;
    this.#sent = 0;
  }
}

// Signs of life, and how long one takes to come back. A link without echoes is dropped: TCP alone notices a dead peer after minutes.
import type { UpBody } from "./link/connection.ts";

/** Echoes missed before the link counts as dead: two may be late on a bad line. */
const silentIntervals = 2.5;

/** The second beat tells what the first one measured; nobody should wait an interval for that. */
const secondBeatMs = 1_000;

/** A hub that asks for more is broken; a second is already more than anyone needs. */
export const heartbeatIntervalMsMin = 1_000;

export class Heartbeat {
  readonly #send: (body: UpBody) => boolean;
  readonly #onSilence: () => void;
  readonly #onRoundTrip: (ms: number) => void;
  readonly #monotonicMs: () => number;
  #timer: NodeJS.Timeout | null = null;
  #secondBeat: NodeJS.Timeout | null = null;
  #intervalMs = 0;
  #roundTripUs = 0;
  #heardMs = 0;

  constructor(options: {
    send: (body: UpBody) => boolean;
    onSilence: () => void;
    onRoundTrip: (ms: number) => void;
    monotonicMs?: () => number;
  }) {
    this.#send = options.send;
    this.#onSilence = options.onSilence;
    this.#onRoundTrip = options.onRoundTrip;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** Begins at once. @param intervalMs as the hub asked. */
  start(intervalMs: number): void {
    this.stop();
    this.#heardMs = this.#monotonicMs();
    this.#beat();
    this.#secondBeat = setTimeout(() => this.#beat(), secondBeatMs);
    this.#beatEvery(intervalMs);
  }

  /** The hub asks for another interval, from the last beat on. */
  changeInterval(intervalMs: number): void {
    if (this.#timer !== null && intervalMs !== this.#intervalMs) this.#beatEvery(intervalMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#secondBeat !== null) clearTimeout(this.#secondBeat);
    this.#timer = null;
  }

  /** @param sentUs as we sent it. An echo from an earlier process has a time that cannot be. */
  echo(sentUs: number): void {
    const tookUs = Math.round(this.#monotonicMs() * 1_000) - sentUs;
    this.#heardMs = this.#monotonicMs();
    if (tookUs < 0 || tookUs > 0xffff_ffff) return;
    this.#roundTripUs = tookUs;
    this.#onRoundTrip(tookUs / 1_000);
  }

  #beatEvery(intervalMs: number): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#intervalMs = intervalMs;
    this.#timer = setInterval(() => {
      if (this.#monotonicMs() - this.#heardMs > this.#intervalMs * silentIntervals) this.#onSilence();
      else this.#beat();
    }, this.#intervalMs);
  }

  #beat(): void {
    this.#send({
      heartbeat: {
        sentUs: Math.round(this.#monotonicMs() * 1_000),
        roundTripUs: this.#roundTripUs,
        residentBytes: process.memoryUsage.rss(),
      },
    });
  }
}

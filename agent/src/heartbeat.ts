// Signs of life, and how long one takes to come back. A link without echoes is dropped: TCP alone notices a dead peer after minutes.
import type { UpBody } from "./link/connection.ts";

/** Echoes missed before the link counts as dead: two may be late on a bad line. */
const silentIntervals = 2.5;

export class Heartbeat {
  readonly #send: (body: UpBody) => boolean;
  readonly #onSilence: () => void;
  readonly #monotonicMs: () => number;
  #timer: NodeJS.Timeout | null = null;
  #roundTripUs = 0;
  #heardMs = 0;

  constructor(options: { send: (body: UpBody) => boolean; onSilence: () => void; monotonicMs?: () => number }) {
    this.#send = options.send;
    this.#onSilence = options.onSilence;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** Begins at once. @param intervalMs as the hub asked. */
  start(intervalMs: number): void {
    this.stop();
    this.#heardMs = this.#monotonicMs();
    this.#beat();
    this.#timer = setInterval(() => {
      if (this.#monotonicMs() - this.#heardMs > intervalMs * silentIntervals) this.#onSilence();
      else this.#beat();
    }, intervalMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** @param sentUs as we sent it. An echo from an earlier process has a time that cannot be. */
  echo(sentUs: number): void {
    const tookUs = Math.round(this.#monotonicMs() * 1_000) - sentUs;
    this.#heardMs = this.#monotonicMs();
    if (tookUs >= 0 && tookUs < 0xffff_ffff) this.#roundTripUs = tookUs;
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

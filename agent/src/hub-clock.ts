// What time it is at the hub. Orders are dated by it; this host's clock may be wrong, and may be set while we run.

export class HubClock {
  #hubMs = 0;
  #atMonotonicMs: number | null = null;
  readonly #monotonicMs: () => number;
  readonly #wallMs: () => number;

  /** @param monotonicMs a clock nobody can set. @param wallMs this host's clock, ms since the epoch. */
  constructor(monotonicMs: () => number = () => performance.now(), wallMs: () => number = Date.now) {
    this.#monotonicMs = monotonicMs;
    this.#wallMs = wallMs;
  }

  /** The hub said it is `hubMs` now. The time the message took is below what an order's lifetime cares about. */
  set(hubMs: number): void {
    this.#hubMs = hubMs;
    this.#atMonotonicMs = this.#monotonicMs();
  }

  /** The hub's clock, ms since the epoch; this host's own until a hub has spoken. */
  now(): number {
    return this.#atMonotonicMs === null ? this.#wallMs() : Math.round(this.#hubMs + this.#monotonicMs() - this.#atMonotonicMs);
  }

  /** A moment this host noted by its own clock, in the hub's time. */
  fromWall(wallMs: number): number {
    return Math.max(0, this.now() - (this.#wallMs() - wallMs));
  }

  /** How far this host's clock is ahead of the hub's, ms. */
  get skewMs(): number {
    return this.#wallMs() - this.now();
  }
}

// Tries per address, in memory: password and token guessing from one place slows to a stop, whatever account it aims at.

const windowMs = 60_000;
/** Addresses remembered; the oldest go first, so a flood of addresses costs memory for this many and no more. */
const addressesMax = 10_000;

export class Attempts {
  readonly #seen = new Map<string, { count: number; since: number }>();
  readonly #most: number;

  /** @param most tries per address and minute. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a try; false when the address has to wait, and then how long. */
  take(address: string, nowMs: number): { ok: true } | { ok: false; retryAfterSeconds: number } {
    const entry = this.#seen.get(address);
    if (entry === undefined || nowMs - entry.since > windowMs) {
      this.#seen.delete(address);
      this.#seen.set(address, { count: 1, since: nowMs });
      for (const oldest of this.#seen.keys()) {
        if (this.#seen.size <= addressesMax) break;
        this.#seen.delete(oldest);
      }
      return { ok: true };
    }
    entry.count++;
    return entry.count <= this.#most
      ? { ok: true }
      : { ok: false, retryAfterSeconds: Math.ceil((entry.since + windowMs - nowMs) / 1_000) };
  }
}

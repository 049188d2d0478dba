// Wrong passwords for e-mail addresses that nobody has, counted as if somebody had them: the answers must not tell who has an account.
// In memory, bounded: what is forgotten after a restart or a flood is a count for nobody.
import { lockedUntil } from "./lock-out.ts";

const addressesMax = 10_000;

export class UnknownAddresses {
  readonly #seen = new Map<string, { failures: number; lockedUntil: Date | null }>();

  lockedUntil(email: string): Date | null {
    return this.#seen.get(email)?.lockedUntil ?? null;
  }

  /** Counts a try and returns how many there were in a row, this one included. */
  count(email: string, now: Date): number {
    const failures = (this.#seen.get(email)?.failures ?? 0) + 1;
    this.#seen.delete(email);
    this.#seen.set(email, { failures, lockedUntil: lockedUntil(failures, now) });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= addressesMax) break;
      this.#seen.delete(oldest);
    }
    return failures;
  }

  forget(email: string): void {
    this.#seen.delete(email);
  }
}

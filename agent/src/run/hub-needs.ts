// Asks the hub for what an execution needs, until there is an answer. The answer comes to whoever asked, by Runs.

/** Unanswered so long, it is asked again: the hub was restarted in between, or the link was lost. */
const patienceMs = 15_000;
/** No link: it comes back when it does. */
const linklessMs = 1_000;

export class HubNeeds {
  readonly #ask: () => boolean;
  #dueAt = 0;
  #waiting = false;

  /** @param ask false when there is no link. */
  constructor(ask: () => boolean) {
    this.#ask = ask;
  }

  /** A question is out. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Asks when it is time. @param now monotonic, ms. */
  ask(now: number): void {
    if (now < this.#dueAt) return;
    this.#waiting = this.#ask();
    this.#dueAt = now + (this.#waiting ? patienceMs : linklessMs);
  }

  /** There was an answer: false when nobody had asked, or it came twice. */
  answered(): boolean {
    const expected = this.#waiting;
    this.#waiting = false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    return expected;
  }

  /** Ask again, `afterMs` from `now`. */
  again(now: number, afterMs: number): void {
    this.#waiting = false;
    this.#dueAt = now + afterMs;
  }
}

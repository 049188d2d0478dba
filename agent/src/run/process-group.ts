// Ends a process group for sure: TERM, a grace, KILL. Also the members that outlive their leader.

/** How soon an empty group is noticed. */
const lookMs = 50;

export class ProcessGroup {
  readonly #id: number;
  #ending: Promise<void> = Promise.resolve();

  constructor(id: number) {
    this.#id = id;
  }

  /** Begins to end it. @param graceMs between TERM and KILL. */
  end(graceMs: number): void {
    this.#ending = this.#end(graceMs);
  }

  /** Resolves when the group is empty, at once when nobody asked for its end. */
  ended(): Promise<void> {
    return this.#ending;
  }

  async #end(graceMs: number): Promise<void> {
    const killAt = performance.now() + graceMs;
    this.#signal("SIGTERM");
    this.#signal("SIGCONT"); // a stopped process hears TERM only when it goes on
    while (this.#signal(0)) {
      if (performance.now() >= killAt) {
        this.#signal("SIGKILL");
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(lookMs, Math.max(1, killAt - performance.now()))));
    }
  }

  /** False when no process of the group is left. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-this.#id, signal);
    } catch {
      return false;
    }
  }
}

// Work that nobody waits for, such as a mail to somebody who may not exist: the answer must not tell by its time.
import { errorFields, type Log } from "../platform/log.ts";

/** More than a real hub has; beyond it somebody floods, and the newest are dropped. */
export const waitingMax = 100;

export class Outbox {
  readonly #log: Log;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Later and one after the other. False when too much waits already; then it is not done. */
  add(work: () => Promise<void>): boolean {
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push(work);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return true;
  }

  /** Does no more of what waits; resolves when what runs is done. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Not within the request that asked: its answer leaves first.
    await new Promise((resolve) => setImmediate(resolve));
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift())
      await work().catch((error: unknown) => this.#log.error(errorFields(error), "not sent"));
  }
}

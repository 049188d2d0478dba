// Keeps the hub's picture of this host fresh: facts go along with Hello, and again when they changed.
import type { UpBody } from "../link/connection.ts";
import { collectFacts, type HostFacts } from "./facts.ts";
import { sameFacts } from "./same-facts.ts";

/** A disk that fills or an address that changes is seen within minutes; looking costs a millisecond. */
const lookEveryMs = 5 * 60_000;

export class Inventory {
  readonly #send: (body: UpBody) => boolean;
  readonly #more: () => Partial<HostFacts>;
  #facts: HostFacts = {};
  #timer: NodeJS.Timeout | null = null;

  /** @param more what else is told of this host, looked at as often. */
  constructor(send: (body: UpBody) => boolean, more: () => Partial<HostFacts>) {
    this.#send = send;
    this.#more = more;
  }

  /** The newest facts, as Hello carries them. */
  get facts(): HostFacts {
    return this.#facts;
  }

  async start(): Promise<void> {
    this.#facts = await this.#collect();
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #collect(): Promise<HostFacts> {
    return { ...(await collectFacts(Date.now())), ...this.#more() };
  }

  async #look(): Promise<void> {
    const facts = await this.#collect();
    const news = !sameFacts(facts, this.#facts);
    this.#facts = facts; // without a link the next Hello carries them
    if (news) this.#send({ inventory: facts });
  }
}

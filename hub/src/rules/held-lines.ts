// Lines that wait in terminals for a decision, by their ticket. In memory: with this process the terminals' gates go, too.
import type { TicketDeps } from "../tickets/deps.ts";
import { outcomeOf } from "../tickets/raise-review.ts";
import type { TicketState } from "../tickets/ticket-state.ts";

export type LineOutcome = "approved" | "rejected" | "lapsed" | "withdrawn";

/** Null: still open. What was approved and has ended since waited too long. */
const outcomes: Record<TicketState, LineOutcome | null> = {
  draft: null,
  pending: null,
  approved: "approved",
  rejected: "rejected",
  withdrawn: "withdrawn",
  lapsed: "lapsed",
  ended: "lapsed",
};

export class HeldLines {
  readonly #deps: Pick<TicketDeps, "db" | "clock">;
  readonly #onFault: (error: unknown) => void;
  readonly #waiting = new Map<string, (outcome: LineOutcome) => void>();

  constructor(deps: Pick<TicketDeps, "db" | "clock">, onFault: (error: unknown) => void) {
    this.#deps = deps;
    this.#onFault = onFault;
  }

  /** One terminal waits for one ticket at a time; there are no more of these than terminals. */
  wait(ticketId: string): Promise<LineOutcome> {
    return new Promise((resolve) => {
      this.#waiting.set(ticketId, resolve);
      this.look(ticketId); // decided before anybody listened
    });
  }

  /** The ticket has changed. */
  look(ticketId: string): void {
    if (!this.#waiting.has(ticketId)) return;
    outcomeOf(this.#deps, ticketId).then(({ state }) => {
      const outcome = outcomes[state];
      if (outcome === null) return;
      this.#waiting.get(ticketId)?.(outcome);
      this.#waiting.delete(ticketId);
    }, this.#onFault);
  }
}

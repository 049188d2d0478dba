// The door every order passes: signed by the hub we enrolled with, for this agent, in date, and never taken before. Does not act.
import type { KeyObject } from "node:crypto";
import { checkOrder, type OrderRefusal } from "@sallyport/protocol/orders";
import { decodeOrder, WireError, type wire } from "@sallyport/protocol/wire";
import type { HubClock } from "../hub-clock.ts";
import { SeenSequences } from "./seen-sequences.ts";

export type Outcome = { accepted: boolean; code: string; message: string };
export const accepted: Outcome = { accepted: true, code: "", message: "" };
export const refused = (code: string, message: string): Outcome => ({ accepted: false, code, message });

/** Answers kept for orders that arrive twice; older ones are refused as replayed. */
const outcomesKept = 1_024;

export class OrderGate {
  readonly #agentId: string;
  readonly #hubKey: KeyObject;
  readonly #clock: HubClock;
  readonly #seen: SeenSequences;
  readonly #outcomes = new Map<number, Outcome | Promise<Outcome>>();

  constructor(options: { agentId: string; hubKey: KeyObject; clock: HubClock; sequenceFile: string }) {
    this.#agentId = options.agentId;
    this.#hubKey = options.hubKey;
    this.#clock = options.clock;
    this.#seen = new SeenSequences(options.sequenceFile);
  }

  /** Everything but replay. A refusal names the sequence the order claims, only to answer it. */
  check(
    signed: wire.SignedOrder.$Properties,
  ): { ok: true; order: wire.Order } | { ok: false; sequence: number; outcome: Outcome } {
    const checked = checkOrder(signed, this.#agentId, this.#hubKey, this.#clock.now());
    if (checked.ok) return checked;
    return { ok: false, sequence: claimedSequence(signed), outcome: refused(checked.code, refusalTexts[checked.code]) };
  }

  wasTaken(sequence: number): boolean {
    return this.#seen.has(sequence);
  }

  /** Call before acting: afterwards this order is never accepted again, not even by the next process. */
  take(sequence: number): void {
    this.#seen.add(sequence);
  }

  /** What was, or is being, answered to an order this process took, to say again when it is delivered twice. */
  outcomeOf(sequence: number): Outcome | Promise<Outcome> | null {
    return this.#outcomes.get(sequence) ?? null;
  }

  settle(sequence: number, outcome: Outcome | Promise<Outcome>): void {
    this.#outcomes.set(sequence, outcome);
    for (const oldest of this.#outcomes.keys()) {
      if (this.#outcomes.size <= outcomesKept) break;
      this.#outcomes.delete(oldest);
    }
  }
}

const refusalTexts: Record<OrderRefusal, string> = {
  "bad-signature": "The order is not signed by the hub this agent enrolled with.",
  "wrong-agent": "The order is for another agent.",
  expired: "The order came after its time. Try again; if it stays so, look at the clocks of hub and host.",
  "not-yet": "The order is dated in the future. Look at the clocks of hub and host.",
  malformed: "The order cannot be read.",
};

function claimedSequence(signed: wire.SignedOrder.$Properties): number {
  try {
    return decodeOrder(signed.order ?? new Uint8Array()).sequence;
  } catch (error) {
    if (error instanceof WireError) return 0;
    throw error;
  }
}

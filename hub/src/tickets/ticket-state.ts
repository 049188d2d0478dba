// Life of a ticket. Pure. Every step is taken with the row locked, so of two at once one comes first and the other sees it.
//
//   draft ──submit──► pending ──last level passed──► approved ──expired, given back, revoked──► ended
//     │                 │  ▲  │
//     │                 └──┘  ├── somebody rejects ──────────► rejected
//     │           next level  ├── nobody decides in time ────► lapsed
//     └──────── withdraw ─────┴── withdraw ──────────────────► withdrawn
import { HubError } from "../platform/errors.ts";
import type { ticketStates } from "./input.ts";

export type TicketState = (typeof ticketStates)[number];

const steps = {
  change: ["draft"],
  submit: ["draft"],
  decide: ["pending"],
  withdraw: ["draft", "pending"],
  end: ["approved"],
  extend: ["approved"],
  review: ["ended"],
  run: ["approved"],
  comment: ["pending", "approved", "rejected", "withdrawn", "lapsed", "ended"],
} as const satisfies Record<string, readonly TicketState[]>;
export type Step = keyof typeof steps;

export const mayStep = (state: TicketState, step: Step): boolean => steps[step].some((from) => from === state);

/** @throws HubError `ticket-state`, which says what it is now. */
export function assertStep(state: TicketState, step: Step): void {
  if (!mayStep(state, step))
    throw new HubError(
      "ticket-state",
      `This ticket is ${state}, so that cannot be done with it any more. Open it again to see how it stands.`,
      {
        facts: { state },
      },
    );
}

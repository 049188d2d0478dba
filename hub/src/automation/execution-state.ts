// Life of an execution: one script, one asset, one attempt. Pure. Every transition is a compare-and-set on the row.
//
//    held ──its turn in a rolling run──┐
//      ┌───────────────────────────────┘
//   queued ──pull──► offered ──claim──► claimed ──started──► running ──result──► finished
//     │                 │  ▲               │                    │
//     │                 └──┘ offered again │       stop ──► stopping ──result──► finished
//     └── stop, expiry ────────────────────┴──────────────────────────────────► finished
//
// finished is final. At most one execution: an offer may be repeated, a claim is given once per attempt.

export const executionStates = ["held", "queued", "offered", "claimed", "running", "stopping", "finished"] as const;
export type ExecutionState = (typeof executionStates)[number];

/** Nobody has begun it, so that it can be over with a word. */
export const waitingStates = ["held", "queued", "offered"] as const satisfies readonly ExecutionState[];
export const isWaiting = (state: ExecutionState): boolean => waitingStates.some((one) => one === state);

export const executionReasons = [
  "finished",
  "failed",
  "timeout",
  "stopped",
  "expired",
  "agent-restarted",
  "lost",
  "unreachable",
  "not-placed",
  "refused",
  "approval-missing",
  "approval-does-not-fit",
  "approval-over",
  "no-grant",
  "spawn-failed",
  "unknown",
] as const;
export type ExecutionReason = (typeof executionReasons)[number];

export type Outcome = "succeeded" | "failed" | "stopped";

export function outcomeOf(reason: ExecutionReason | null): Outcome | null {
  if (reason === null) return null;
  if (reason === "finished") return "succeeded";
  return reason === "stopped" ? "stopped" : "failed";
}

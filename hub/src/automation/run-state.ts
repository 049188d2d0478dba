// A run's state follows from its executions, and from what people and its own limits have said. Pure.
import { type ExecutionReason, type ExecutionState, outcomeOf } from "./execution-state.ts";
import type { runStates } from "./input.ts";

export type RunState = (typeof runStates)[number];
export type RunOutcome = "succeeded" | "failed" | "stopped" | "mixed";
/** `held`: waits for its turn in a rolling run. `queued`: waits for its agent. */
export type RunCounts = {
  total: number;
  held: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  stopped: number;
};

export type ExecutionTally = { state: ExecutionState; reason: ExecutionReason | null; count: number };

export function countExecutions(tallies: ExecutionTally[]): RunCounts {
  const counts: RunCounts = { total: 0, held: 0, queued: 0, running: 0, succeeded: 0, failed: 0, stopped: 0 };
  for (const { state, reason, count } of tallies) {
    counts.total += count;
    if (state === "finished") counts[outcomeOf(reason) ?? "failed"] += count;
    else if (state === "held") counts.held += count;
    else if (state === "queued" || state === "offered") counts.queued += count;
    else counts.running += count;
  }
  return counts;
}

const unfinished = ({ held, queued, running }: RunCounts): number => held + queued + running;

/** @param now what it is; stopping lasts to the end, paused and halted as long as something is held. */
export function runStateOf(counts: RunCounts, now: RunState): RunState {
  if (unfinished(counts) === 0) return "finished";
  if (now === "stopping") return "stopping";
  if ((now === "paused" || now === "halted") && counts.held > 0) return now;
  return counts.held + counts.queued === counts.total ? "queued" : "running";
}

export function runOutcomeOf(counts: RunCounts): RunOutcome | null {
  if (unfinished(counts) > 0) return null;
  if (counts.succeeded === counts.total) return "succeeded";
  if (counts.failed === counts.total) return "failed";
  if (counts.stopped === counts.total) return "stopped";
  return "mixed";
}

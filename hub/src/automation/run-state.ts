// A run's state follows from its executions. Pure.
import { type ExecutionReason, type ExecutionState, outcomeOf } from "./execution-state.ts";

export type RunState = "queued" | "running" | "stopping" | "finished";
export type RunOutcome = "succeeded" | "failed" | "stopped" | "mixed";
export type RunCounts = { total: number; queued: number; running: number; succeeded: number; failed: number; stopped: number };

export type ExecutionTally = { state: ExecutionState; reason: ExecutionReason | null; count: number };

export function countExecutions(tallies: ExecutionTally[]): RunCounts {
  const counts: RunCounts = { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, stopped: 0 };
  for (const { state, reason, count } of tallies) {
    counts.total += count;
    if (state === "finished") counts[outcomeOf(reason) ?? "failed"] += count;
    else if (state === "queued" || state === "offered") counts.queued += count;
    else counts.running += count;
  }
  return counts;
}

export function runStateOf(counts: RunCounts, stopRequested: boolean): RunState {
  if (counts.queued + counts.running === 0) return "finished";
  if (stopRequested) return "stopping";
  return counts.queued === counts.total ? "queued" : "running";
}

export function runOutcomeOf(counts: RunCounts): RunOutcome | null {
  if (counts.queued + counts.running > 0) return null;
  if (counts.succeeded === counts.total) return "succeeded";
  if (counts.failed === counts.total) return "failed";
  if (counts.stopped === counts.total) return "stopped";
  return "mixed";
}

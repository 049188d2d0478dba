// The five kinds of execution that people tell apart; the hub's finer states fall into them.
import { type ExecutionGroup, executionGroups } from "@sallyport/hub/automation/input";
import type { Execution, RunSummary } from "../api/types.ts";

export function groupOf({ state, reason }: Pick<Execution, "state" | "reason">): ExecutionGroup {
  if (state === "held" || state === "queued" || state === "offered") return "waiting";
  if (state !== "finished") return "running";
  if (reason === "finished") return "succeeded";
  return reason === "stopped" ? "stopped" : "failed";
}

/** The letters in which the hub tells all of a run at once. */
const letters: Record<string, ExecutionGroup> = { f: "failed", r: "running", w: "waiting", s: "stopped", o: "succeeded" };

export const groupOfLetter = (letter: string | undefined): ExecutionGroup => letters[letter ?? ""] ?? "waiting";

export const countIn = ({ held, queued, ...counts }: RunSummary["counts"], group: ExecutionGroup): number =>
  group === "waiting" ? held + queued : counts[group];

/** What is worth looking at first: a failure, else what goes on. */
export const firstGroup = (counts: RunSummary["counts"]): ExecutionGroup | undefined =>
  executionGroups.find((group) => countIn(counts, group) > 0);

export const groupColours: Record<ExecutionGroup, string> = {
  failed: "--sp-red",
  running: "--sp-blue",
  waiting: "--sp-border-strong",
  stopped: "--sp-muted",
  succeeded: "--sp-green",
};

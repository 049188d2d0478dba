// The five kinds of execution that people tell apart; the hub's finer states fall into them.
import type { Execution } from "../api/types.ts";

export const executionGroups = ["failed", "running", "waiting", "stopped", "succeeded"] as const;
export type ExecutionGroup = (typeof executionGroups)[number];

export function groupOf({ state, reason }: Pick<Execution, "state" | "reason">): ExecutionGroup {
  if (state === "held" || state === "queued" || state === "offered") return "waiting";
  if (state !== "finished") return "running";
  if (reason === "finished") return "succeeded";
  return reason === "stopped" ? "stopped" : "failed";
}

export const groupColours: Record<ExecutionGroup, string> = {
  failed: "--sp-red",
  running: "--sp-blue",
  waiting: "--sp-border-strong",
  stopped: "--sp-muted",
  succeeded: "--sp-green",
};

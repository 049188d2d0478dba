// What a level's decisions come to. Pure.
import type { Level } from "./input.ts";
import type { DecisionRow } from "./schema.ts";

/**
 * meant: who may decide it, whoever stands in for them left out. A rejection ends it, whoever else approved. Of `all` each who is meant must have
 * approved, or his substitute in his place; of a count it is people that are counted, so that nobody is two of them.
 */
export function levelOutcome(
  need: Level["need"],
  meant: readonly string[],
  decisions: readonly Pick<DecisionRow, "userId" | "counts" | "decision">[],
): "passed" | "rejected" | "open" {
  if (decisions.some(({ decision }) => decision === "reject")) return "rejected";
  const approved = new Set(decisions.flatMap(({ counts }) => counts));
  switch (need.kind) {
    case "any":
      return decisions.length > 0 ? "passed" : "open";
    case "all":
      return decisions.length > 0 && meant.every((id) => approved.has(id)) ? "passed" : "open";
    case "count":
      return new Set(decisions.map(({ userId }) => userId)).size >= need.value ? "passed" : "open";
  }
}

/** How many people a level needs at least. */
export const leastOf = (need: Level["need"]): number => (need.kind === "count" ? need.value : 1);

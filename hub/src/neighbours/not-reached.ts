// An agent that was asked and could not get there: told of the asset, and a reason to ask another agent of its zone.
import { HubError } from "../platform/errors.ts";

/** The agent's words for a connection that did not come to be: of SSH (SPEC.md §7), and of a dial (§8) where they differ. */
const reasons: ReadonlySet<string> = new Set([
  "connection-refused",
  "unreachable",
  "name-unknown",
  "timeout",
  "not-ssh",
  "no-answer",
  "refused",
  "name-not-found",
  "timed-out",
]);

/** The error as the person reads it: `not-reached` with the agent's reason, or as it was. */
export function asNotReached(error: unknown, asset: { name: string }): unknown {
  if (!(error instanceof HubError) || error.code !== "agent-refused") return error;
  const reason = String(error.facts["reason"] ?? "");
  if (!reasons.has(reason)) return error;
  return new HubError("not-reached", `${asset.name} was not reached: ${error.message}`, {
    facts: { asset: asset.name, reason },
    cause: error,
  });
}

// An agent has journalled an offer and asks to begin. The answer is yes once per attempt, to one agent; asked again, the same yes.
import type { wire } from "@sallyport/protocol/wire";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { AutomationDeps } from "./deps.ts";
import { openOutput } from "./open-output.ts";
import { settleExecution } from "./settle.ts";

export async function onRunClaim(deps: AutomationDeps, agentId: string, claim: wire.RunClaim.$Properties): Promise<void> {
  const executionId = claim.executionId ?? "";
  const attempt = claim.attempt ?? 0;
  const stream = claim.stream ?? 0;
  const execution = await deps.commitMove({ id: executionId, agentId, attempt, to: "claimed", stream });
  const answer = (go: boolean, reason: string) => deps.links.get(agentId)?.send({ runGo: { executionId, attempt, go, reason } });
  if (execution === null || execution.stopRequestedAt !== null) {
    answer(false, "not-yours");
    return;
  }
  try {
    await openOutput(deps, execution, stream, true);
    answer(true, "");
  } catch (error) {
    deps.log.error({ execution: executionId, ...errorFields(error) }, "output log not opened");
    answer(false, "storage-full");
    await settleExecution(deps, execution, {
      reason: "refused",
      message: error instanceof HubError ? error.message : "The hub could not store the output.",
    });
  }
  deps.changes.announce(execution.orgId, "runs", execution.runId);
}

export async function onRunStarted(deps: AutomationDeps, agentId: string, started: wire.RunStarted.$Properties): Promise<void> {
  const startedAt = dateOf(started.startedAtMs) ?? deps.clock.now();
  const step = { id: started.executionId ?? "", agentId, attempt: started.attempt ?? 0, to: "running" as const, startedAt };
  const moved = await deps.commitMove(step);
  if (moved !== null) deps.changes.announce(moved.orgId, "runs", moved.runId);
}

/** A date from an agent, or null when it sent none or nonsense: ISO 8601 and PostgreSQL agree up to the year 9999. */
export function dateOf(ms: number | null | undefined): Date | null {
  return ms !== null && ms !== undefined && ms > 0 && ms < Date.UTC(10_000, 0) ? new Date(ms) : null;
}

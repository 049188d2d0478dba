// Scripts that wait and that nobody may run there any more: looked at when something took access away, and again when they are offered, since
// grants also end by time. A script that has begun is not cut off in its middle: stopping it is a person's decision.
import { and, eq, inArray } from "drizzle-orm";
import { mayGoOn, type OpenWork } from "../access/recheck.ts";
import type { AutomationDeps } from "./deps.ts";
import { waitingStates } from "./execution-state.ts";
import { type ExecutionRow, executions, type RunRow, runs } from "./schema.ts";
import { settleWaiting } from "./settle.ts";

/** What of an execution access is asked about. */
export const workOf = (
  execution: ExecutionRow,
  run: Pick<RunRow, "createdBy" | "address" | "bound">,
  action: OpenWork["action"] = "run",
): OpenWork => ({
  id: execution.id,
  orgId: execution.orgId,
  userId: run.createdBy,
  assetId: execution.assetId,
  accountChoice: execution.accountChoice,
  protocol: "ssh",
  action,
  address: run.address,
  bound: run.bound,
});

export const forbidden = { reason: "no-grant", message: "The grant that allowed it was gone before it began." } as const;

export async function endForbiddenRuns(deps: AutomationDeps, orgId: string): Promise<void> {
  const waiting = await deps.db
    .select({ execution: executions, run: { createdBy: runs.createdBy, address: runs.address, bound: runs.bound } })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .where(and(eq(executions.orgId, orgId), inArray(executions.state, [...waitingStates])));
  if (waiting.length === 0) return;
  const { on } = await mayGoOn(
    deps.db,
    waiting.map(({ execution, run }) => workOf(execution, run)),
    deps.clock.now(),
  );
  const ended = waiting.map(({ execution }) => execution).filter(({ id }) => !on.has(id));
  await settleWaiting(deps, ended, forbidden);
}

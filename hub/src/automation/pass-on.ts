// An agent did not get to a neighbour, and says that nothing was sent there: another agent of the zone may. Idempotent: the result of an attempt
// that is not the present one changes nothing.
import { and, eq, inArray, isNull, notInArray } from "drizzle-orm";
import { agents } from "../fleet/schema.ts";
import type { AutomationDeps } from "./deps.ts";
import { type ExecutionRow, executions } from "./schema.ts";
import { tellAgents } from "./tell-agents.ts";

/** As many as are tried for a terminal. */
const triedMax = 3;

/** True when it waits for another agent now, as a new attempt. False: there is none, or nobody wants it any more. */
export async function passedOn(deps: AutomationDeps, { id, agentId, zoneId, ...execution }: ExecutionRow): Promise<boolean> {
  const notReachedBy = [...new Set([...execution.notReachedBy, agentId ?? ""])];
  if (agentId === null || zoneId === null || execution.stopRequestedAt !== null || notReachedBy.length >= triedMax) return false;
  const others = await deps.db
    .select({ id: agents.id })
    .from(agents)
    .where(and(eq(agents.zoneId, zoneId), isNull(agents.revokedAt), notInArray(agents.id, notReachedBy)));
  if (!others.some((other) => deps.links.processOf(other.id)?.equip)) return false;
  // Before the row is anybody's: the next agent's output goes to the same log.
  await deps.outputs.get(id)?.log.close();
  deps.outputs.get(id)?.close("passed-on");
  deps.outputs.remove(id);
  const moved = await deps.db
    .update(executions)
    .set({
      state: "queued",
      agentId: null,
      stream: null,
      offeredAt: null,
      attempt: execution.attempt + 1,
      notReachedBy,
    })
    .where(
      and(
        eq(executions.id, id),
        eq(executions.agentId, agentId),
        eq(executions.attempt, execution.attempt),
        inArray(executions.state, ["claimed", "running"]),
      ),
    )
    .returning({ id: executions.id });
  if (moved.length === 0) return false;
  await tellAgents(deps, [{ agentId: null, zoneId }]);
  deps.changes.announce(execution.orgId, "runs", execution.runId);
  return true;
}

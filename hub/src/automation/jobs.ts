// Automation's periodic work.
import { and, asc, eq, gt, inArray, isNotNull, lt, min, or, sql } from "drizzle-orm";
import { agents } from "../fleet/schema.ts";
import type { AutomationDeps } from "./deps.ts";
import { refreshRun } from "./refresh-run.ts";
import { executions, runs } from "./schema.ts";
import { settleExecution, settleWaiting } from "./settle.ts";
import { cancelOnAgent } from "./stop-run.ts";
import { tellAgents } from "./tell-agents.ts";

/** An agent that was silent this long past an execution's time limit has lost it, as far as anybody waiting is concerned. */
const lostAfterMs = 10 * 60_000;

/** At once; a run over more than a fleet takes another half minute. */
const expiredAtOnce = 10_000;

/** Every half minute: executions that nobody fetched before their run expired. */
export async function expireQueued(deps: AutomationDeps): Promise<void> {
  const rows = await deps.db
    .select({ id: executions.id, runId: executions.runId, orgId: executions.orgId })
    .from(executions)
    .where(and(inArray(executions.state, ["queued", "offered"]), lt(executions.expiresAt, deps.clock.now())))
    .limit(expiredAtOnce);
  await settleWaiting(deps, rows, { reason: "expired", message: "No agent that reaches this host was heard in time." });
}

/** Every minute: executions whose agent has been silent past the time limit. A late result is still believed. */
export async function giveUpLost(deps: AutomationDeps): Promise<void> {
  const now = deps.clock.now().getTime();
  const rows = await deps.db
    .select({ execution: executions, timeoutSeconds: runs.timeoutSeconds, lastSeenAt: agents.lastSeenAt })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .innerJoin(agents, eq(agents.id, executions.agentId))
    .where(and(inArray(executions.state, ["claimed", "running", "stopping"]), eq(agents.online, false)));
  for (const { execution, timeoutSeconds, lastSeenAt } of rows) {
    const began = execution.startedAt ?? lastSeenAt;
    const silentSince = lastSeenAt?.getTime() ?? 0;
    if (began !== null && now > began.getTime() + timeoutSeconds * 1_000 + lostAfterMs && now > silentSince + lostAfterMs) {
      await settleExecution(deps, execution, {
        reason: "lost",
        message: "The agent has been silent since before the time limit; what it did is not known.",
      });
    }
  }
}

/** Every ten seconds: a stop that an agent may not have heard is said again. */
export async function repeatStops(deps: AutomationDeps): Promise<void> {
  const rows = await deps.db
    .select()
    .from(executions)
    .where(and(eq(executions.state, "stopping"), isNotNull(executions.stopRequestedAt)))
    .limit(1_000);
  for (const row of rows) if (row.agentId !== null && deps.links.isOnline(row.agentId)) await cancelOnAgent(deps, row);
}

/**
 * An agent journals and claims an offer in milliseconds, and offered twice it answers from its journal. But its answer may wait here, behind those of
 * ten thousand others: an offer made again too early is more work for a hub that has too much.
 */
const offerAnswerMs = 15_000;
/** The oldest work first. All who have work were told when it came; this is for the few whose message was lost. */
const remindedAtOnce = 200;

/** Every two seconds: offers that nobody answered are made again, and agents with work waiting are told to look; a lost message costs no more than that. */
export async function remindAgents(deps: AutomationDeps): Promise<void> {
  const now = deps.clock.now().getTime();
  const [before, after] = [new Date(now - offerAnswerMs), new Date(now + offerAnswerMs)];
  await deps.db
    .update(executions)
    .set(backInQueue)
    // Offered in the future: by a clock that was set back since.
    .where(and(eq(executions.state, "offered"), or(lt(executions.offeredAt, before), gt(executions.offeredAt, after))));
  const rows = await deps.db
    .select({ agentId: executions.agentId, zoneId: executions.zoneId })
    .from(executions)
    .leftJoin(agents, eq(agents.id, executions.agentId))
    .where(and(eq(executions.state, "queued"), or(eq(agents.online, true), isNotNull(executions.zoneId))))
    .groupBy(executions.agentId, executions.zoneId)
    .orderBy(asc(min(executions.id)))
    .limit(remindedAtOnce);
  await tellAgents(deps, rows);
}

/** Nobody has it any more: of a neighbour any agent of its zone may take it, of an agent's own host that agent. */
export const backInQueue = {
  state: "queued" as const,
  agentId: sql`case when ${executions.zoneId} is null then ${executions.agentId} end`,
};

/** At once; the rest is looked at a second later. */
const rolledAtOnce = 100;

/** Every second: rolling runs that are paced go on by time alone. */
export async function rollOn(deps: AutomationDeps): Promise<void> {
  const rows = await deps.db
    .selectDistinct({ id: runs.id, orgId: runs.orgId })
    .from(runs)
    .innerJoin(executions, and(eq(executions.runId, runs.id), eq(executions.state, "held")))
    .where(and(inArray(runs.state, ["queued", "running"]), sql`${runs.rolling} ? 'perMinute'`))
    .limit(rolledAtOnce);
  for (const { id, orgId } of rows) {
    const released = await deps.db.transaction((tx) => refreshRun(deps, tx, id));
    await tellAgents(deps, released);
    if (released.length > 0) deps.changes.announce(orgId, "runs", id);
  }
}

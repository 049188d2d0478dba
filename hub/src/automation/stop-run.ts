// Stops a run: what has not begun is over at once, what runs gets a signed order, again at every link until its result comes.
import { and, asc, eq, inArray, ne } from "drizzle-orm";
import type { AuditActor } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor, may } from "../identity/actor.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { AutomationDeps } from "./deps.ts";
import { isWaiting } from "./execution-state.ts";
import { refreshRun } from "./refresh-run.ts";
import { findExecution, findRun } from "./runs.ts";
import { type ExecutionRow, executions, runs } from "./schema.ts";
import { endWaiting } from "./settle.ts";

/** Between TERM and KILL. */
const graceSeconds = 10;

/** @throws HubError `not-found` for a run the person may not see, `forbidden` for one he may only read. */
export async function stopRun(deps: AutomationDeps, actor: Actor, id: string): Promise<void> {
  const found = await findRun(deps.db, actor.orgId, id);
  if (found === null) throw notFound("run");
  assertMayStop(actor, found.run.createdBy, "run");
  await stop(deps, byPerson(actor), id, found.run.title, null);
}

/** The hub itself: a newer run of the same task takes its place. */
export const stopRunAsHub = (deps: AutomationDeps, orgId: string, id: string): Promise<void> =>
  stop(deps, { orgId, actor: null, ip: null }, id, "", null);

export async function stopExecution(deps: AutomationDeps, actor: Actor, id: string): Promise<void> {
  const found = await findExecution(deps.db, actor.orgId, id);
  if (found === null) throw notFound("execution");
  assertMayStop(actor, found.createdBy, "execution");
  await stop(deps, byPerson(actor), found.execution.runId, "", id);
}

const byPerson = (actor: Actor) => ({ orgId: actor.orgId, actor: auditActor(actor), ip: actor.ip });

/** @throws HubError `not-found` for who may not see it, `forbidden` for who may only read. */
export function assertMayStop(actor: Actor, createdBy: string, what: string): void {
  if (actor.id === createdBy || may(actor, "sessions.end")) return;
  if (may(actor, "runs.read-all"))
    throw new HubError("forbidden", "Only the person who started a run, or who may end what others have open, may stop it.", {
      facts: { permission: "sessions.end" },
    });
  throw notFound(what);
}

async function stop(
  deps: AutomationDeps,
  by: { orgId: string; actor: AuditActor | null; ip: string | null },
  runId: string,
  title: string,
  executionId: string | null,
): Promise<void> {
  const now = deps.clock.now();
  const stopped = await deps.db.transaction(async (tx) => {
    const { id, state, agentId, attempt } = executions;
    const rows = await tx
      .select({ id, state, agentId, attempt })
      .from(executions)
      .where(
        and(
          eq(executions.runId, runId),
          ne(executions.state, "finished"),
          executionId === null ? undefined : eq(executions.id, executionId),
        ),
      )
      .orderBy(asc(executions.id)) // as all who lock several
      .for("update");
    if (rows.length === 0) return [];
    const waiting = rows.filter((row) => isWaiting(row.state)).map((row) => row.id);
    await endWaiting(tx, waiting, { reason: "stopped" }, now);
    const begun = rows.filter((row) => !isWaiting(row.state)).map((row) => row.id);
    if (begun.length > 0)
      await tx.update(executions).set({ state: "stopping", stopRequestedAt: now }).where(inArray(executions.id, begun));
    if (executionId === null) await tx.update(runs).set({ state: "stopping" }).where(eq(runs.id, runId));
    await recordAudit(tx, {
      kind: "run.stop-requested",
      ...by,
      subject: { kind: "run", id: runId, name: title },
      data: { executions: rows.length },
    });
    await refreshRun(deps, tx, runId);
    return rows;
  });
  for (const row of stopped) if (!isWaiting(row.state)) void cancelOnAgent(deps, row);
  deps.changes.announce(by.orgId, "runs", runId);
}

/** Best effort now; the agent hears it again with every welcome until its result is here. */
export async function cancelOnAgent(
  deps: AutomationDeps,
  execution: Pick<ExecutionRow, "id" | "attempt" | "agentId">,
): Promise<void> {
  const { id, attempt, agentId } = execution;
  if (agentId === null) return; // nobody has it
  try {
    const { signed } = await deps.orders.sign(agentId, { cancelRun: { executionId: id, attempt, graceSeconds } });
    deps.links.get(agentId)?.send({ order: signed });
  } catch (error) {
    deps.log.warn({ execution: execution.id, ...errorFields(error) }, "stop not sent");
  }
}

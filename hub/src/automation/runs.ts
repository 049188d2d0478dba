// Queries over runs and executions.
import { and, asc, count, desc, eq, gte, ilike, inArray, lt, ne, or, sql } from "drizzle-orm";
import { assetLabels, assets } from "../assets/schema.ts";
import { agents, zones } from "../fleet/schema.ts";
import { type Actor, may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { cutPage, likeOf } from "../platform/paging.ts";
import { scripts } from "../scripts/schema.ts";
import { countExecutions, type RunCounts, type RunState } from "./run-state.ts";
import { type ExecutionRow, executions, type RunRow, runs } from "./schema.ts";

/** `script`: where what it runs was kept, if it was. */
export type RunWithCounts = { run: RunRow; creator: string; script: { id: string; name: string } | null; counts: RunCounts };
/** agentName: of the agent that runs it, null before one has it. region: what follows `region:` in a label of its asset. */
export type ExecutionWithNames = {
  execution: ExecutionRow;
  assetName: string;
  zoneName: string;
  agentName: string | null;
  region: string | null;
  runState: RunState;
};
type Filter = {
  cursor?: string | undefined;
  limit: number;
  search?: string | undefined;
  state?: RunState | undefined;
  taskId?: string | undefined;
  scriptId?: string | undefined;
};

const withNames = (db: Queryable) =>
  db
    .select({ run: runs, creator: users.name, script: { id: scripts.id, name: scripts.name } })
    .from(runs)
    .innerJoin(users, eq(users.id, runs.createdBy))
    .leftJoin(scripts, eq(scripts.id, runs.scriptId));

/** Newest first; ids rise with time, so the cursor is the last id. */
export async function listRuns(
  db: Queryable,
  orgId: string,
  input: Filter,
  onlyUserId: string | null,
): Promise<{ rows: RunWithCounts[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    eq(runs.orgId, orgId),
    onlyUserId === null ? undefined : eq(runs.createdBy, onlyUserId),
    input.state === undefined ? undefined : eq(runs.state, input.state),
    input.taskId === undefined ? undefined : eq(runs.taskId, input.taskId),
    input.scriptId === undefined ? undefined : eq(runs.scriptId, input.scriptId),
    pattern === null
      ? undefined
      : or(ilike(runs.title, pattern), ilike(users.name, pattern), ilike(runs.script, pattern), eq(runs.id, input.search ?? "")),
  );
  const before = input.cursor === undefined ? undefined : lt(runs.id, input.cursor);
  const [rows, [counted]] = await Promise.all([
    withNames(db)
      .where(and(filter, before))
      .orderBy(desc(runs.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(runs).innerJoin(users, eq(users.id, runs.createdBy)).where(filter),
  ]);
  const page = cutPage(rows, input.limit, ({ run }) => run.id);
  const counts = await countsOf(
    db,
    page.rows.map(({ run }) => run.id),
  );
  return {
    rows: page.rows.map((row) => ({ ...row, counts: counts(row.run.id) })),
    nextCursor: page.nextCursor,
    total: counted?.total ?? 0,
  };
}

export async function countsOf(db: Queryable, runIds: string[]): Promise<(runId: string) => RunCounts> {
  const rows =
    runIds.length === 0
      ? []
      : await db
          .select({ runId: executions.runId, state: executions.state, reason: executions.reason, count: count() })
          .from(executions)
          .where(inArray(executions.runId, runIds))
          .groupBy(executions.runId, executions.state, executions.reason);
  return (runId) => countExecutions(rows.filter((row) => row.runId === runId));
}

export async function findRun(db: Queryable, orgId: string, id: string): Promise<RunWithCounts | null> {
  const [row] = await withNames(db).where(and(eq(runs.orgId, orgId), eq(runs.id, id)));
  return row === undefined ? null : { ...row, counts: (await countsOf(db, [id]))(id) };
}

/** One's own, or any with runs.read-all. @throws HubError `not-found`, also for another's. */
export async function visibleRun(db: Queryable, actor: Actor, id: string): Promise<RunWithCounts> {
  const found = await findRun(db, actor.orgId, id);
  if (found === null || (found.run.createdBy !== actor.id && !may(actor, "runs.read-all"))) throw notFound("run");
  return found;
}

/** Those of these that are there. */
export async function findRuns(db: Queryable, orgId: string, ids: string[]): Promise<RunWithCounts[]> {
  if (ids.length === 0) return [];
  const [rows, counts] = await Promise.all([
    withNames(db).where(and(eq(runs.orgId, orgId), inArray(runs.id, ids))),
    countsOf(db, ids),
  ]);
  return rows.map((row) => ({ ...row, counts: counts(row.run.id) }));
}

export const withAssetNames = (db: Queryable) =>
  db
    .select({
      execution: executions,
      assetName: assets.name,
      zoneName: zones.name,
      agentName: agents.name,
      runState: runs.state,
    })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .innerJoin(zones, eq(zones.id, assets.zoneId))
    .leftJoin(agents, eq(agents.id, executions.agentId));

const regionLabel = "region:";

/** A question of its own: beside the others it would be answered for every row that a page leaves out. */
export async function withRegions(db: Queryable, rows: Omit<ExecutionWithNames, "region">[]): Promise<ExecutionWithNames[]> {
  const assetIds = [...new Set(rows.map(({ execution }) => execution.assetId))];
  const labels = await db
    .select({ assetId: assetLabels.assetId, label: assetLabels.label })
    .from(assetLabels)
    .where(
      and(
        sql`${assetLabels.assetId} = any(${sql.param(assetIds)}::text[])`,
        sql`starts_with(${assetLabels.label}, ${regionLabel})`,
      ),
    )
    .orderBy(desc(assetLabels.label)); // of several the first by name stays
  const regions = new Map(labels.map(({ assetId, label }) => [assetId, label.slice(regionLabel.length)]));
  return rows.map((row) => ({ ...row, region: regions.get(row.execution.assetId) ?? null }));
}

export async function executionsOf(db: Queryable, runId: string): Promise<ExecutionWithNames[]> {
  const rows = await withAssetNames(db).where(eq(executions.runId, runId)).orderBy(asc(assets.name), asc(executions.id));
  return withRegions(db, rows);
}

/** One of a run that the actor may see. @throws HubError `not-found`. */
export async function visibleExecution(db: Queryable, actor: Actor, id: string): Promise<ExecutionRow> {
  const found = await findExecution(db, actor.orgId, id);
  if (found === null || (found.createdBy !== actor.id && !may(actor, "runs.read-all"))) throw notFound("execution");
  return found.execution;
}

/** An execution and who started its run, for deciding who may read it. */
export async function findExecution(
  db: Queryable,
  orgId: string,
  id: string,
): Promise<{ execution: ExecutionRow; createdBy: string } | null> {
  const [row] = await db
    .select({ execution: executions, createdBy: runs.createdBy })
    .from(executions)
    .innerJoin(runs, eq(runs.id, executions.runId))
    .where(and(eq(executions.orgId, orgId), eq(executions.id, id)));
  return row ?? null;
}

export async function countRunsSince(db: Queryable, orgId: string, since: Date, onlyUserId: string | null): Promise<number> {
  const [row] = await db
    .select({ runs: count() })
    .from(runs)
    .where(
      and(eq(runs.orgId, orgId), gte(runs.createdAt, since), onlyUserId === null ? undefined : eq(runs.createdBy, onlyUserId)),
    );
  return row?.runs ?? 0;
}

/** Newest finished runs with a failure. */
export async function failedRuns(
  db: Queryable,
  orgId: string,
  onlyUserId: string | null,
  limit: number,
): Promise<RunWithCounts[]> {
  const failed = sql`exists (select 1 from ${executions} where ${executions.runId} = ${runs.id} and ${executions.state} = 'finished' and ${executions.reason} not in ('finished', 'stopped'))`;
  const rows = await withNames(db)
    .where(
      and(
        eq(runs.orgId, orgId),
        eq(runs.state, "finished"),
        failed,
        onlyUserId === null ? undefined : eq(runs.createdBy, onlyUserId),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(limit);
  const counts = await countsOf(
    db,
    rows.map(({ run }) => run.id),
  );
  return rows.map((row) => ({ ...row, counts: counts(row.run.id) }));
}

export async function unfinishedExecutionsOf(db: Queryable, agentIds: string[]): Promise<ExecutionRow[]> {
  return db
    .select()
    .from(executions)
    .where(and(inArray(executions.agentId, agentIds), ne(executions.state, "finished")));
}

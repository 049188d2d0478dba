// Queries over the executions of one run, ten thousand of them in pages.
import { and, asc, count, desc, eq, ilike, inArray, isNull, ne, not, notInArray, or, type SQL, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { zones } from "../fleet/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import type { ExecutionReason } from "./execution-state.ts";
import type { ExecutionGroup, ListExecutions } from "./input.ts";
import type { ExecutionWithNames } from "./runs.ts";
import { executions, runs } from "./schema.ts";

const waiting = inArray(executions.state, ["held", "queued", "offered"]);
const finished = eq(executions.state, "finished");

function inGroup(group: ExecutionGroup): SQL | undefined {
  switch (group) {
    case "waiting":
      return waiting;
    case "running":
      return and(not(waiting), ne(executions.state, "finished"));
    case "succeeded":
      return and(finished, eq(executions.reason, "finished"));
    case "stopped":
      return and(finished, eq(executions.reason, "stopped"));
    case "failed":
      return and(finished, or(isNull(executions.reason), notInArray(executions.reason, ["finished", "stopped"])));
  }
}

/** One page by the assets' names, and how many there are in all. */
export async function pageOfExecutions(
  db: Queryable,
  input: ListExecutions,
): Promise<{ rows: ExecutionWithNames[]; total: number }> {
  const filter = and(
    eq(executions.runId, input.id),
    input.group === undefined ? undefined : inGroup(input.group),
    input.search ? ilike(assets.name, likeOf(input.search)) : undefined,
    input.executionId === undefined ? undefined : eq(executions.id, input.executionId),
    input.sameAs === undefined ? undefined : sameAs(input.sameAs),
  );
  const [rows, [counted]] = await Promise.all([
    db
      .select({ execution: executions, assetName: assets.name, zoneName: zones.name, runState: runs.state })
      .from(executions)
      .innerJoin(runs, eq(runs.id, executions.runId))
      .innerJoin(assets, eq(assets.id, executions.assetId))
      .innerJoin(zones, eq(zones.id, assets.zoneId))
      .where(filter)
      .orderBy(asc(assets.name), asc(executions.id))
      .offset(input.offset)
      .limit(input.limit),
    db.select({ total: count() }).from(executions).innerJoin(assets, eq(assets.id, executions.assetId)).where(filter),
  ]);
  return { rows, total: counted?.total ?? 0 };
}

const sameAs = (executionId: string): SQL =>
  sql`${executions.state} = 'finished' and exists (select 1 from executions one where one.id = ${executionId}
    and one.run_id = ${executions.runId}
    and one.exit_code is not distinct from ${executions.exitCode}
    and one.reason is not distinct from ${executions.reason}
    and one.digest is not distinct from ${executions.digest})`;

const letters: Record<ExecutionGroup, string> = { failed: "f", running: "r", waiting: "w", stopped: "s", succeeded: "o" };

/** All of a run as one letter each, in the order of the pages: `f`ailed, `r`unning, `w`aiting, `s`topped, `o`k. */
export async function cellsOf(db: Queryable, runId: string): Promise<string> {
  const [row] = await db
    .select({
      cells: sql<string>`coalesce(string_agg(case
        when ${waiting} then ${letters.waiting}
        when ${executions.state} <> 'finished' then ${letters.running}
        when ${executions.reason} = 'finished' then ${letters.succeeded}
        when ${executions.reason} = 'stopped' then ${letters.stopped}
        else ${letters.failed} end, '' order by ${assets.name}, ${executions.id}), '')`,
    })
    .from(executions)
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .where(eq(executions.runId, runId));
  return row?.cells ?? "";
}

/** Of those that have ended, as many as anybody compares by eye; the rest is counted. */
const groupsMax = 50;

export type OutputGroup = {
  /** One of them, and its asset. */
  executionId: string;
  assetName: string;
  count: number;
  exitCode: number | null;
  reason: ExecutionReason | null;
  /** Null where outputs could not be compared. */
  digest: string | null;
};

/** Executions that ended alike and printed the same, the most first. */
export async function outputGroupsOf(
  db: Queryable,
  runId: string,
): Promise<{ groups: OutputGroup[]; groupCount: number; total: number }> {
  const rows = await db
    .select({
      executionId: sql<string>`(array_agg(${executions.id} order by ${assets.name}, ${executions.id}))[1]`,
      assetName: sql<string>`(array_agg(${assets.name} order by ${assets.name}, ${executions.id}))[1]`,
      count: count(),
      exitCode: executions.exitCode,
      reason: executions.reason,
      digest: executions.digest,
      groupCount: sql<number>`(count(*) over ())::int`,
      total: sql<number>`(sum(count(*)) over ())::int`,
    })
    .from(executions)
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .where(and(eq(executions.runId, runId), finished))
    .groupBy(executions.exitCode, executions.reason, executions.digest)
    .orderBy(desc(count()), sql`1`)
    .limit(groupsMax);
  return {
    groups: rows.map(({ groupCount: _groups, total: _total, ...group }) => group),
    groupCount: rows[0]?.groupCount ?? 0,
    total: rows[0]?.total ?? 0,
  };
}

/** Where a run is to go again: assets of those that failed, or of these that have ended. */
export async function endedAssetsOf(db: Queryable, runId: string, which: "failed" | readonly string[]): Promise<string[]> {
  const rows = await db
    .select({ assetId: executions.assetId })
    .from(executions)
    .where(
      and(
        eq(executions.runId, runId),
        finished,
        which === "failed" ? inGroup("failed") : sql`${executions.id} = any(${sql.param([...which])}::text[])`,
      ),
    )
    .orderBy(asc(executions.position), asc(executions.id));
  return rows.map(({ assetId }) => assetId);
}

// Queries over the executions of one run, ten thousand of them in pages.
import { and, asc, count, desc, eq, ilike, inArray, isNull, ne, not, notInArray, or, type SQL, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import { type ExecutionReason, waitingStates } from "./execution-state.ts";
import type { CompareRun, ExecutionGroup, ListExecutions, RunTargets } from "./input.ts";
import { type ExecutionWithNames, withAssetNames, withRegions } from "./runs.ts";
import { executions } from "./schema.ts";

const waiting = inArray(executions.state, [...waitingStates]);
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
    input.sameAs === undefined ? undefined : endedLike(input.sameAs, printedOf(input)),
  );
  // The places first, by columns that are narrow: to sort ten thousand whole rows costs more than all the rest.
  const placed = db
    .select({ id: executions.id })
    .from(executions)
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .where(filter)
    .orderBy(asc(assets.name), asc(executions.id))
    .offset(input.offset)
    .limit(input.limit);
  const [rows, [counted]] = await Promise.all([
    withAssetNames(db).where(inArray(executions.id, placed)).orderBy(asc(assets.name), asc(executions.id)),
    db.select({ total: count() }).from(executions).innerJoin(assets, eq(assets.id, executions.assetId)).where(filter),
  ]);
  return { rows: await withRegions(db, rows), total: counted?.total ?? 0 };
}

/** By which outputs are told apart; with numbers ignored, those that differ by values only are one. */
const printedOf = ({ ignoreNumbers }: { ignoreNumbers: boolean }) => (ignoreNumbers ? executions.valueDigest : executions.digest);

/** Ended as that one of the same run did. @param printed and printed the same by this column; null: whatever it printed. */
function endedLike(executionId: string, printed: ReturnType<typeof printedOf> | null): SQL {
  const same = [executions.exitCode, executions.signal, executions.reason, ...(printed === null ? [] : [printed])].map(
    (column) => sql`one.${sql.identifier(column.name)} is not distinct from ${column}`,
  );
  return sql`${finished} and exists (select 1 from ${executions} one where one.id = ${executionId} and one.run_id = ${executions.runId}
    and ${sql.join(same, sql` and `)})`;
}

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

/** executionId: one of them. */
export type EndGroup = {
  executionId: string;
  count: number;
  exitCode: number | null;
  signal: string | null;
  reason: ExecutionReason | null;
};
/** digest: null where outputs could not be compared. */
export type OutputGroup = EndGroup & { assetName: string; digest: string | null };
export type OutputGroups = {
  /** Those that ended alike and printed the same, the most first; what cannot be compared comes last. */
  groups: OutputGroup[];
  /** All of them, which may be more, and how many executions they are. */
  groupCount: number;
  total: number;
  /** Those that ended alike, whatever they printed, the most first; of all that have ended, also where `groups` are of one end only. */
  ends: EndGroup[];
};

/** From columns alone, no output is read. */
export async function outputGroupsOf(db: Queryable, input: CompareRun): Promise<OutputGroups> {
  const { exitCode, signal, reason, runId } = executions;
  const printed = printedOf(input);
  const ended = and(eq(runId, input.id), finished);
  const shared = { executionId: sql<string>`min(${executions.id})`, count: count(), exitCode, signal, reason };
  const [rows, ends] = await Promise.all([
    db
      .select({
        ...shared,
        digest: printed,
        groupCount: sql<number>`(count(*) over ())::int`,
        total: sql<number>`(sum(count(*)) over ())::int`,
      })
      .from(executions)
      .where(and(ended, input.endLike === undefined ? undefined : endedLike(input.endLike, null)))
      .groupBy(exitCode, signal, reason, printed)
      .orderBy(sql`${printed} is null`, desc(count()), sql`1`)
      .limit(groupsMax),
    db
      .select(shared)
      .from(executions)
      .where(ended)
      .groupBy(exitCode, signal, reason)
      .orderBy(desc(count()), sql`1`)
      .limit(groupsMax),
  ]);
  const names = await assetNamesOf(
    db,
    rows.map(({ executionId }) => executionId),
  );
  return {
    groups: rows.map(({ groupCount: _groups, total: _total, ...group }) => ({
      ...group,
      assetName: names.get(group.executionId) ?? "",
    })),
    groupCount: rows[0]?.groupCount ?? 0,
    total: rows[0]?.total ?? 0,
    ends,
  };
}

async function assetNamesOf(db: Queryable, executionIds: string[]): Promise<Map<string, string>> {
  const rows = await db
    .select({ id: executions.id, name: assets.name })
    .from(executions)
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .where(inArray(executions.id, executionIds));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The assets of a run: all, those that failed, these that have ended, or those that ended and printed as one did. At most as many as a run has. */
export async function assetsOfRun(
  db: Queryable,
  { id, which, executionIds, sameAs, ignoreNumbers }: RunTargets & { executionIds?: readonly string[] },
): Promise<string[]> {
  const chosen = () => {
    switch (which) {
      case "all":
        return undefined;
      case "failed":
        return inGroup("failed");
      case "chosen":
        return and(finished, sql`${executions.id} = any(${sql.param([...(executionIds ?? [])])}::text[])`);
      case "alike":
        return endedLike(sameAs ?? "", printedOf({ ignoreNumbers }));
    }
  };
  const rows = await db
    .select({ assetId: executions.assetId })
    .from(executions)
    .where(and(eq(executions.runId, id), chosen()))
    .orderBy(asc(executions.position), asc(executions.id));
  return rows.map(({ assetId }) => assetId);
}

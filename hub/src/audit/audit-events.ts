// Queries over audit events.
import { and, asc, count, desc, eq, gt, gte, ilike, inArray, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import { auditKinds } from "./events.ts";
import type { ExportAudit, ListAudit } from "./input.ts";
import { type AuditRow, auditEvents, searchedText } from "./schema.ts";

/** Counting every match of a filter among a million events takes longer than showing them; beyond this the total is "at least". */
const countedMax = 10_000;

/** Fewer letters than a trigram has no index finds; such a text is looked for among the newest events only. */
const shortSearchEvents = 50_000;
const isShort = (search: string | undefined): boolean => search !== undefined && search !== "" && [...search].length < 3;

function filterOf(orgId: string, filter: ExportAudit, seqMin?: number): SQL | undefined {
  const { kind, group, actorId, subjectId, assetId, ip, from, to, search } = filter;
  const kinds = group === undefined ? [] : auditKinds.filter((one) => one.startsWith(`${group}.`));
  return and(
    eq(auditEvents.orgId, orgId),
    kind === undefined ? undefined : eq(auditEvents.kind, kind),
    group === undefined ? undefined : inArray(auditEvents.kind, kinds),
    actorId === undefined ? undefined : eq(auditEvents.actorId, actorId),
    subjectId === undefined ? undefined : eq(auditEvents.subjectId, subjectId),
    assetId === undefined
      ? undefined
      : or(eq(auditEvents.subjectId, assetId), eq(sql`(${auditEvents.data} ->> 'assetId')`, assetId)),
    ip === undefined ? undefined : eq(auditEvents.ip, ip),
    from === undefined ? undefined : gte(auditEvents.at, new Date(from)),
    to === undefined ? undefined : lte(auditEvents.at, new Date(to)),
    search === undefined || search === "" ? undefined : ilike(searchedText, likeOf(search)),
    seqMin === undefined ? undefined : gt(auditEvents.seq, seqMin),
  );
}

const isFiltered = ({ kind, group, actorId, subjectId, assetId, ip, from, to, search }: ExportAudit): boolean =>
  [kind, group, actorId, subjectId, assetId, ip, from, to, search || undefined].some((value) => value !== undefined);

/**
 * Newest first: by number, or by time where a period is asked for, which is the same as long as nobody sets the hub's clock. The cursor is
 * the number of the last event shown. A search for one or two letters looks at the newest 50,000 events.
 *
 * @returns `total` of what the filter finds, at most 10,000; `totalIsLeast` when there are more.
 */
export async function listAuditEvents(
  db: Queryable,
  orgId: string,
  input: ListAudit,
): Promise<{ rows: AuditRow[]; total: number; totalIsLeast: boolean; nextCursor: string | null }> {
  // A number, not a subquery: only then does the server read that stretch alone.
  const seqMin = isShort(input.search) ? (await lastSeq(db, orgId)) - shortSearchEvents : undefined;
  const filter = filterOf(orgId, input, seqMin);
  const byTime = input.from !== undefined || input.to !== undefined;
  const last = input.cursor === undefined ? undefined : Number(input.cursor) || 0;
  const beforeInTime = sql`(${auditEvents.at}, ${auditEvents.seq}) < (select e.at, e.seq from audit_events e where e.org_id = ${orgId} and e.seq = ${last})`;
  const before = last === undefined ? undefined : byTime ? beforeInTime : lt(auditEvents.seq, last);
  const [rows, total] = await Promise.all([
    db
      .select()
      .from(auditEvents)
      .where(and(filter, before))
      .orderBy(...(byTime ? [desc(auditEvents.at), desc(auditEvents.seq)] : [desc(auditEvents.seq)]))
      .limit(input.limit + 1),
    isFiltered(input) ? countUpTo(db, filter) : lastSeq(db, orgId),
  ]);
  const shown = rows.slice(0, input.limit);
  const totalIsLeast = isFiltered(input) && total > countedMax;
  return {
    rows: shown,
    total: totalIsLeast ? countedMax : total,
    totalIsLeast,
    nextCursor: rows.length > input.limit ? String(shown.at(-1)?.seq ?? "") : null,
  };
}

async function countUpTo(db: Queryable, filter: SQL | undefined): Promise<number> {
  const found = db
    .select({ one: sql`1` })
    .from(auditEvents)
    .where(filter)
    .limit(countedMax + 1)
    .as("found");
  const [counted] = await db.select({ total: count() }).from(found);
  return counted?.total ?? 0;
}

/** Numbers have no holes, so the last one is how many there are. */
async function lastSeq(db: Queryable, orgId: string): Promise<number> {
  const [last] = await db
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(eq(auditEvents.orgId, orgId))
    .orderBy(desc(auditEvents.seq))
    .limit(1);
  return last?.seq ?? 0;
}

/** Everything that the filter finds, newest first, a few hundred rows at a time: for exports of any length. */
export async function* walkAuditEvents(db: Queryable, orgId: string, filter: ExportAudit): AsyncGenerator<AuditRow[]> {
  const step = 500;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const rows = await db
      .select()
      .from(auditEvents)
      .where(and(filterOf(orgId, filter), lt(auditEvents.seq, before)))
      .orderBy(desc(auditEvents.seq))
      .limit(step);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < step) return;
    before = last.seq;
  }
}

export async function auditEventsOf(db: Queryable, orgId: string, subjectId: string): Promise<AuditRow[]> {
  return db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.orgId, orgId), eq(auditEvents.subjectId, subjectId)))
    .orderBy(asc(auditEvents.seq))
    .limit(500);
}

/** Events per bucket over a span, for the histogram: at most 200 buckets. */
export async function auditHistogram(db: Queryable, orgId: string, from: Date, to: Date): Promise<{ at: Date; count: number }[]> {
  const bucketSeconds = Math.max(60, Math.ceil((to.getTime() - from.getTime()) / 1_000 / 100));
  const bucket = sql<number>`(floor(extract(epoch from ${auditEvents.at}) / ${sql.raw(String(bucketSeconds))}) * ${sql.raw(String(bucketSeconds))})::bigint`;
  const rows = await db
    .select({ at: bucket, count: count() })
    .from(auditEvents)
    .where(and(eq(auditEvents.orgId, orgId), gte(auditEvents.at, from), lte(auditEvents.at, to)))
    .groupBy(bucket)
    .orderBy(bucket);
  return rows.map((row) => ({ at: new Date(Number(row.at) * 1_000), count: row.count }));
}

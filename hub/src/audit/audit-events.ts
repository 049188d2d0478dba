// Queries over audit events.
import { and, asc, count, desc, eq, gte, ilike, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import type { ListAudit } from "./input.ts";
import { type AuditRow, auditEvents } from "./schema.ts";

function filterOf(orgId: string, filter: Omit<ListAudit, "cursor" | "limit">): SQL | undefined {
  return and(
    eq(auditEvents.orgId, orgId),
    filter.kind === undefined ? undefined : eq(auditEvents.kind, filter.kind),
    filter.actorId === undefined ? undefined : eq(auditEvents.actorId, filter.actorId),
    filter.subjectId === undefined ? undefined : eq(auditEvents.subjectId, filter.subjectId),
    filter.from === undefined ? undefined : gte(auditEvents.at, new Date(filter.from)),
    filter.to === undefined ? undefined : lte(auditEvents.at, new Date(filter.to)),
    filter.search === undefined || filter.search === ""
      ? undefined
      : or(
          ilike(auditEvents.actorName, likeOf(filter.search)),
          ilike(auditEvents.subjectName, likeOf(filter.search)),
          ilike(auditEvents.kind, likeOf(filter.search)),
          eq(auditEvents.subjectId, filter.search),
        ),
  );
}

/** Newest first. The cursor is the sequence number of the last event shown. */
export async function listAuditEvents(
  db: Queryable,
  orgId: string,
  input: ListAudit,
): Promise<{ rows: AuditRow[]; total: number; nextCursor: string | null }> {
  const filter = filterOf(orgId, input);
  const before = input.cursor === undefined ? undefined : lt(auditEvents.seq, Number(input.cursor) || 0);
  const [rows, [counted]] = await Promise.all([
    db
      .select()
      .from(auditEvents)
      .where(and(filter, before))
      .orderBy(desc(auditEvents.seq))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(auditEvents).where(filter),
  ]);
  const shown = rows.slice(0, input.limit);
  return {
    rows: shown,
    total: counted?.total ?? 0,
    nextCursor: rows.length > input.limit ? String(shown.at(-1)?.seq ?? "") : null,
  };
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

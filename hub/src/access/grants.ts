// Queries over grants.
import { and, asc, count, eq, gt, ilike, inArray, isNotNull, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import { assets, nodes } from "../assets/schema.ts";
import { roleNames } from "../identity/input.ts";
import { groups, roles, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { listGrants as listGrantsInput } from "./input.ts";
import { type GrantRow, grantSubjects, grants, grantTargets, type SubjectKind, type TargetKind } from "./schema.ts";

export type NamedSubject = { kind: SubjectKind; id: string; name: string };
export type NamedTarget = { kind: TargetKind; id: string; name: string };
export type FullGrant = { grant: GrantRow; subjects: NamedSubject[]; targets: NamedTarget[] };

export async function listGrants(
  db: Queryable,
  orgId: string,
  input: z.infer<typeof listGrantsInput>,
  now: Date,
): Promise<{ rows: FullGrant[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const states: Record<NonNullable<typeof input.state>, SQL | undefined> = {
    active: and(
      eq(grants.active, true),
      or(isNull(grants.startsAt), lte(grants.startsAt, now)),
      or(isNull(grants.expiresAt), gt(grants.expiresAt, now)),
    ),
    expired: lte(grants.expiresAt, now),
    upcoming: gt(grants.startsAt, now),
    off: eq(grants.active, false),
    revoked: undefined,
  };
  const ofSubject = (kind: SubjectKind, id: string | undefined) =>
    id === undefined
      ? undefined
      : inArray(
          grants.id,
          db
            .select({ id: grantSubjects.grantId })
            .from(grantSubjects)
            .where(and(eq(grantSubjects.kind, kind), eq(grantSubjects.subjectId, id))),
        );
  const ofTarget = (kind: TargetKind, id: string | undefined) =>
    id === undefined
      ? undefined
      : inArray(
          grants.id,
          db
            .select({ id: grantTargets.grantId })
            .from(grantTargets)
            .where(and(eq(grantTargets.kind, kind), eq(grantTargets.targetId, id))),
        );
  const filter = and(
    eq(grants.orgId, orgId),
    input.state === "revoked" ? isNotNull(grants.revokedAt) : isNull(grants.revokedAt),
    input.state === undefined ? undefined : states[input.state],
    ofSubject("user", input.userId),
    ofSubject("group", input.groupId),
    ofTarget("asset", input.assetId),
    ofTarget("node", input.nodeId),
    pattern === null
      ? undefined
      : or(ilike(grants.name, pattern), ilike(grants.comment, pattern), eq(grants.id, input.search ?? "")),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(grants.name, cursor.sortKey), and(eq(grants.name, cursor.sortKey), gt(grants.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    db
      .select()
      .from(grants)
      .where(and(filter, after))
      .orderBy(asc(grants.name), asc(grants.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(grants).where(filter),
  ]);
  const page = cutPage(rows, input.limit, ({ name, id }) => encodeCursor(name, id));
  return { ...page, rows: await withNames(db, orgId, page.rows), total: counted?.total ?? 0 };
}

export async function findGrant(db: Queryable, orgId: string, id: string): Promise<FullGrant | null> {
  const rows = await db
    .select()
    .from(grants)
    .where(and(eq(grants.orgId, orgId), eq(grants.id, id)));
  return (await withNames(db, orgId, rows))[0] ?? null;
}

export async function lockGrant(tx: Queryable, orgId: string, id: string): Promise<GrantRow | null> {
  const [row] = await tx
    .select()
    .from(grants)
    .where(and(eq(grants.orgId, orgId), eq(grants.id, id)))
    .for("update");
  return row ?? null;
}

export async function markRevoked(tx: Queryable, id: string, by: { id: string; at: Date; reason: string }): Promise<void> {
  await tx.update(grants).set({ revokedAt: by.at, revokedBy: by.id, revokeReason: by.reason }).where(eq(grants.id, id));
}

/** Subjects and targets by their names. What is gone, or was never the organisation's, is not shown. */
export async function withNames(db: Queryable, orgId: string, rows: GrantRow[]): Promise<FullGrant[]> {
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const [subjects, targets] = await Promise.all([
    db.execute<{ grant_id: string; kind: SubjectKind; subject_id: string; name: string }>(sql`
      select s.grant_id, s.kind, s.subject_id, coalesce(u.name, g.name, r.name, s.subject_id) as name from ${grantSubjects} s
      left join ${users} u on s.kind = 'user' and u.id = s.subject_id and u.org_id = ${orgId}
      left join ${groups} g on s.kind = 'group' and g.id = s.subject_id and g.org_id = ${orgId}
      left join ${roles} r on s.kind = 'role' and r.id = s.subject_id and r.org_id = ${orgId}
      where s.grant_id = any(${sql.param(ids)}::text[]) and ((s.kind = 'role' and s.subject_id = any(${sql.param([...roleNames])}::text[]))
        or u.id is not null or g.id is not null or r.id is not null) order by s.kind, name`),
    db.execute<{ grant_id: string; kind: TargetKind; target_id: string; name: string }>(sql`
      select t.grant_id, t.kind, t.target_id, coalesce(a.name, n.name, t.target_id) as name from ${grantTargets} t
      left join ${assets} a on t.kind = 'asset' and a.id = t.target_id and a.org_id = ${orgId} and a.retired_at is null
      left join ${nodes} n on t.kind = 'node' and n.id = t.target_id and n.org_id = ${orgId}
      where t.grant_id = any(${sql.param(ids)}::text[]) and (t.kind in ('label', 'all') or a.id is not null or n.id is not null) order by t.kind, name`),
  ]);
  const subjectsOf = Map.groupBy([...subjects], ({ grant_id }) => grant_id);
  const targetsOf = Map.groupBy([...targets], ({ grant_id }) => grant_id);
  return rows.map((grant) => ({
    grant,
    subjects: (subjectsOf.get(grant.id) ?? []).map(({ kind, subject_id, name }) => ({ kind, id: subject_id, name })),
    targets: (targetsOf.get(grant.id) ?? []).map(({ kind, target_id, name }) => ({ kind, id: target_id, name })),
  }));
}

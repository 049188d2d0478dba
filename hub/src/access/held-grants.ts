// Which grants name a person, and which of them an asset: the only SQL that decides about access. For one asset it is one question; for many, two, one
// after the other, so that a person with a hundred grants among twenty thousand costs two index lookups whatever the number of assets.
import { and, eq, isNull, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { type GrantRow, grantSubjects, grants } from "./schema.ts";

/** Who asks, as far as grants care. */
export type Subject = { id: string; orgId: string; role: string };

/** Every unrevoked grant that names the person, his groups or his role, holding now or not. */
export async function grantsOfPerson(db: Queryable, { id, orgId, role }: Subject): Promise<GrantRow[]> {
  const named = sql`(${grantSubjects.kind}, ${grantSubjects.subjectId}) in (
    select 'user', ${id} union all select 'role', ${role}
    union all select 'group', m.group_id from group_members m join groups g on g.id = m.group_id where m.user_id = ${id} and g.org_id = ${orgId})`;
  return db
    .selectDistinctOn([grants.id], { grant: grants })
    .from(grantSubjects)
    .innerJoin(grants, eq(grants.id, grantSubjects.grantId))
    .where(and(named, eq(grants.orgId, orgId), isNull(grants.revokedAt)))
    .prepare("grants_of_person")
    .execute()
    .then((rows) => rows.map(({ grant }) => grant));
}

/**
 * Every unrevoked grant that names both the person and this one asset: what a decision asks. It begins at the asset, which few grants name, and not at
 * the person, whom hundreds may. An array is made once, whatever the planner thinks of tables it has not counted yet.
 */
export async function grantsNaming(db: Queryable, { id, orgId, role }: Subject, assetId: string): Promise<GrantRow[]> {
  return db
    .select()
    .from(grants)
    .where(
      and(
        eq(grants.orgId, orgId),
        isNull(grants.revokedAt),
        sql`${grants.id} = any(array(
          with wanted as (select id from assets where org_id = ${orgId} and id = ${assetId}),
          ends as (
            select 'asset' as kind, id as target_id from wanted
            union all select 'node', na.ancestor_id from wanted w join asset_nodes an on an.asset_id = w.id join node_ancestors na on na.node_id = an.node_id
            union all select 'label', l.label from wanted w join asset_labels l on l.asset_id = w.id
            union all select 'all', '' from wanted)
          select t.grant_id from ends e join grant_targets t on t.kind = e.kind and t.target_id = e.target_id
          where exists (select 1 from grant_subjects s where s.grant_id = t.grant_id and (
            (s.kind = 'user' and s.subject_id = ${id}) or (s.kind = 'role' and s.subject_id = ${role})
            or (s.kind = 'group' and exists (select 1 from group_members m join groups g on g.id = m.group_id
              where m.group_id = s.subject_id and m.user_id = ${id} and g.org_id = ${orgId}))))))`,
      ),
    )
    .prepare("grants_naming")
    .execute();
}

/** Which of these grants name which of these assets, by the asset itself, a node it is under, a label, or all. */
export async function grantsOnAssets(
  db: Queryable,
  orgId: string,
  grantIds: string[],
  assetIds: string[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>(assetIds.map((id) => [id, new Set()]));
  if (grantIds.length === 0 || assetIds.length === 0) return found;
  const rows = await db.execute<{ asset_id: string; grant_id: string }>(sql`
    with wanted as (select id from assets where org_id = ${orgId} and id = any(${sql.param(assetIds)}::text[])),
    ends as (
      select id as asset_id, 'asset' as kind, id as target_id from wanted
      union all select w.id, 'node', na.ancestor_id from wanted w join asset_nodes an on an.asset_id = w.id join node_ancestors na on na.node_id = an.node_id
      union all select w.id, 'label', l.label from wanted w join asset_labels l on l.asset_id = w.id
      union all select id, 'all', '' from wanted)
    select distinct e.asset_id, t.grant_id from ends e join grant_targets t on t.kind = e.kind and t.target_id = e.target_id
    where t.grant_id = any(${sql.param(grantIds)}::text[])`);
  for (const row of rows) found.get(row.asset_id)?.add(row.grant_id);
  return found;
}

/**
 * A condition on assets: named by one of these grants. For lists of what a person may reach. `is true` keeps PostgreSQL from joining: it makes the set
 * once and looks at each asset, in the list's order, so that a page ends early and nothing is ever looked at thousands of times over.
 */
export const reachedBy = (orgId: string, grantIds: string[]) => sql`(${assets.id} in (
    select t.target_id from grant_targets t where t.kind = 'asset' and t.grant_id = any(${sql.param(grantIds)}::text[])
    union all select an.asset_id from grant_targets t join node_ancestors na on na.ancestor_id = t.target_id join asset_nodes an on an.node_id = na.node_id
      where t.kind = 'node' and t.grant_id = any(${sql.param(grantIds)}::text[])
    union all select l.asset_id from grant_targets t join asset_labels l on l.label = t.target_id and l.org_id = ${orgId}
      where t.kind = 'label' and t.grant_id = any(${sql.param(grantIds)}::text[]))) is true`;

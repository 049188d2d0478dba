// Who reaches what by which grant now, and when he used it last: one row for each grant, person and asset.
import { sql } from "drizzle-orm";
import type { Action } from "../access/input.ts";
import type { Queryable } from "../platform/database.ts";

export type ReachRow = {
  grant_id: string;
  grant_name: string;
  person_id: string;
  person: string;
  asset_id: string;
  asset: string;
  via: string;
  actions: Action[];
  expires_at: string | null;
  last_used_at: string | null;
};

/** @param ownerId of whose assets; null: of all. @param limit rows at most. */
export async function whoReaches(
  db: Queryable,
  { orgId, ownerId, now, limit }: { orgId: string; ownerId: string | null; now: Date; limit: number },
): Promise<ReachRow[]> {
  const rows = await db.execute<ReachRow>(sql`
    with people as (
      select u.id, u.name, coalesce(m.role, u.role) as role from users u
      left join organisation_members m on m.user_id = u.id and m.org_id = ${orgId}
      where (u.org_id = ${orgId} or m.user_id is not null) and u.disabled_at is null
    ), held as (
      select * from grants where org_id = ${orgId} and revoked_at is null and active
        and (expires_at is null or expires_at > ${now.toISOString()}::timestamptz)
    ), subjects as (
      select s.grant_id, p.id, p.name, '' as via from grant_subjects s join people p on s.kind = 'user' and p.id = s.subject_id
      union all
      select s.grant_id, p.id, p.name, g.name from grant_subjects s join groups g on s.kind = 'group' and g.id = s.subject_id and g.org_id = ${orgId}
        join group_members gm on gm.group_id = g.id join people p on p.id = gm.user_id
      union all
      select s.grant_id, p.id, p.name, coalesce(r.name, s.subject_id) from grant_subjects s
        join people p on s.kind = 'role' and p.role = s.subject_id left join roles r on r.id = s.subject_id
    ), things as (
      select id, name from assets where org_id = ${orgId} and retired_at is null
        ${ownerId === null ? sql`` : sql`and owner_id = ${ownerId}`}
    ), targets as (
      select t.grant_id, a.id, a.name from grant_targets t join things a on t.kind = 'asset' and a.id = t.target_id
      union select t.grant_id, a.id, a.name from grant_targets t join node_ancestors na on t.kind = 'node' and na.ancestor_id = t.target_id
        join asset_nodes an on an.node_id = na.node_id join things a on a.id = an.asset_id
      union select t.grant_id, a.id, a.name from grant_targets t join asset_labels l on t.kind = 'label' and l.label = t.target_id
        join things a on a.id = l.asset_id
      union select t.grant_id, a.id, a.name from grant_targets t join things a on t.kind = 'all'
    ), used as (
      select user_id, asset_id, max(at) as at from (
        select user_id, asset_id, started_at as at from sessions where org_id = ${orgId}
        union all select r.created_by, e.asset_id, e.released_at from executions e join runs r on r.id = e.run_id where e.org_id = ${orgId}
      ) uses group by 1, 2
    )
    select h.id as grant_id, h.name as grant_name, s.id as person_id, min(s.name) as person, t.id as asset_id, min(t.name) as asset,
      string_agg(distinct nullif(s.via, ''), ', ') filter (where s.via <> '') as via, h.actions, h.expires_at, max(used.at) as last_used_at
    from held h join subjects s on s.grant_id = h.id join targets t on t.grant_id = h.id
    left join used on used.user_id = s.id and used.asset_id = t.id
    group by h.id, h.name, h.actions, h.expires_at, s.id, t.id
    order by asset, person, grant_id limit ${limit}`);
  return [...rows].map((row) => ({ ...row, via: row.via ?? "" }));
}

// Queries over rules.
import { and, asc, eq, sql } from "drizzle-orm";
import { findMember } from "../identity/members.ts";
import type { Queryable } from "../platform/database.ts";
import type { RuleKind } from "./input.ts";
import { type RuleRow, rules } from "./schema.ts";

/** In the order in which they are asked. */
export const rulesOf = (db: Queryable, orgId: string, kind?: RuleKind): Promise<RuleRow[]> =>
  db
    .select()
    .from(rules)
    .where(and(eq(rules.orgId, orgId), kind === undefined ? undefined : eq(rules.kind, kind)))
    .orderBy(asc(rules.kind), asc(rules.position), asc(rules.id));

/** His groups and his role there, and what names the asset: what rules are compared with. */
export async function namesOf(
  db: Queryable,
  { userId, orgId, assetId }: { userId: string; orgId: string; assetId: string | null },
): Promise<{ subjects: Set<string>; ends: Set<string> }> {
  const member = await findMember(db, orgId, userId);
  const rows = await db.execute<{ kind: string; id: string }>(sql`
    select 'group' as kind, m.group_id as id from group_members m join groups g on g.id = m.group_id
      where m.user_id = ${userId} and g.org_id = ${orgId}
    union all select 'asset', a.id from assets a where a.org_id = ${orgId} and a.id = ${assetId}
    union all select 'node', na.ancestor_id from asset_nodes an join node_ancestors na on na.node_id = an.node_id where an.asset_id = ${assetId}
    union all select 'label', l.label from asset_labels l where l.asset_id = ${assetId}`);
  const subjects = new Set([`user:${userId}`, ...(member === null ? [] : [`role:${member.role}`])]);
  const ends = new Set<string>(assetId === null ? [] : ["all:"]);
  for (const { kind, id } of rows) (kind === "group" ? subjects : ends).add(`${kind}:${id}`);
  return { subjects, ends };
}

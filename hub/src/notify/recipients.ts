// Who is told of a notice, in the inbox and by mail: whom the event names, whoever has the kind's permission, less what each has chosen not to hear.
import { and, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import { permissionsOf } from "../identity/actor.ts";
import { roleNames } from "../identity/input.ts";
import { belongs, madeRole, membership, roleThere } from "../identity/members.ts";
import { organisationMembers, type Permission, roles, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import type { NoticeKind } from "./input.ts";
import { noticeRules } from "./notices.ts";
import { noticeSubscriptions } from "./schema.ts";

export type Recipient = { userId: string; inbox: boolean; mail: boolean };

/** A notice to more people than this is an announcement, and a transaction of somebody else's has to write it. */
export const recipientsMax = 2_000;

/** With the role there joined: built in or made, it holds the permission. */
const holds = (permission: Permission) =>
  or(
    inArray(
      roleThere,
      roleNames.filter((role) => permissionsOf(role, null).includes(permission)),
    ),
    sql`${permission} = any(${roles.permissions})`,
  );

/** Of those who can sign in now; who wants neither inbox nor mail is missing. @param people whom the event names. */
export async function recipientsOf(
  db: Queryable,
  orgId: string,
  kind: NoticeKind,
  people: readonly string[],
  now: Date,
): Promise<Recipient[]> {
  const { audience, inbox, mail } = noticeRules[kind];
  if (people.length === 0 && audience === null) return [];
  const rows = await db
    .select({
      userId: users.id,
      inbox: sql<boolean>`coalesce(${noticeSubscriptions.inbox}, ${inbox})`,
      mail: sql<boolean>`coalesce(${noticeSubscriptions.mail}, ${mail})`,
    })
    .from(users)
    .leftJoin(organisationMembers, membership(orgId))
    .leftJoin(roles, madeRole(orgId))
    .leftJoin(noticeSubscriptions, and(eq(noticeSubscriptions.userId, users.id), eq(noticeSubscriptions.kind, kind)))
    .where(
      and(
        belongs(orgId),
        eq(users.accepted, true),
        isNull(users.disabledAt),
        or(isNull(users.expiresAt), gt(users.expiresAt, now)),
        or(people.length === 0 ? undefined : inArray(users.id, [...people]), audience === null ? undefined : holds(audience)),
      ),
    )
    .orderBy(users.id)
    .limit(recipientsMax);
  return rows.filter((row) => row.inbox || row.mail);
}

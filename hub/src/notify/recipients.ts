// Who is told of a notice, in the inbox and by mail: whom the event names, whoever has the kind's permission, and whoever follows what it is about; each
// as he has chosen for that one thing, or else for the kind.
import { and, eq, gt, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { permissionsOf } from "../identity/actor.ts";
import { roleNames } from "../identity/input.ts";
import { belongs, madeRole, membership, roleThere } from "../identity/members.ts";
import { organisationMembers, type Permission, roles, users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import type { NoticeKind } from "./input.ts";
import { noticeRules } from "./notices.ts";
import { noticeFollowers, noticeSubscriptions } from "./schema.ts";

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

/** Of those who can sign in now; who wants neither inbox nor mail is missing. @param event whom it names, and the id of what it is about. */
export async function recipientsOf(
  db: Queryable,
  orgId: string,
  kind: NoticeKind,
  { people, about }: { people: readonly string[]; about: string | null },
  now: Date,
): Promise<Recipient[]> {
  const rule: Pick<(typeof noticeRules)["run.failed"], "always" | "audience" | "followers" | "inbox" | "mail"> =
    noticeRules[kind];
  const { always, audience, followers, inbox, mail } = rule;
  if (people.length === 0 && audience === null && about === null) return [];
  const follows = isNotNull(noticeFollowers.userId);
  const wantsIt = sql`${kind} = any(${noticeFollowers.kinds})`;
  const chosen = (ofThis: AnyPgColumn, ofKind: AnyPgColumn, byItself: boolean) =>
    always === true
      ? sql<boolean>`${byItself}`
      : sql<boolean>`case when ${follows} then ${wantsIt} and ${ofThis} else coalesce(${ofKind}, ${byItself}) end`;
  const rows = await db
    .select({
      userId: users.id,
      inbox: chosen(noticeFollowers.inbox, noticeSubscriptions.inbox, inbox),
      mail: chosen(noticeFollowers.mail, noticeSubscriptions.mail, mail),
    })
    .from(users)
    .leftJoin(organisationMembers, membership(orgId))
    .leftJoin(roles, madeRole(orgId))
    .leftJoin(noticeSubscriptions, and(eq(noticeSubscriptions.userId, users.id), eq(noticeSubscriptions.kind, kind)))
    .leftJoin(
      noticeFollowers,
      and(
        eq(noticeFollowers.userId, users.id),
        eq(noticeFollowers.orgId, orgId),
        about === null ? sql`false` : eq(noticeFollowers.subjectId, about),
      ),
    )
    .where(
      and(
        belongs(orgId),
        eq(users.accepted, true),
        isNull(users.disabledAt),
        or(isNull(users.expiresAt), gt(users.expiresAt, now)),
        or(
          people.length === 0 ? undefined : inArray(users.id, [...people]),
          audience === null ? undefined : holds(audience),
          followers === undefined ? undefined : and(follows, holds(followers)),
        ),
      ),
    )
    .orderBy(users.id)
    .limit(recipientsMax);
  return rows.filter((row) => row.inbox || row.mail);
}

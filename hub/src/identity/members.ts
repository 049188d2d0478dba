// Who belongs to an organisation: people at home there, and guests from another with a role of their own. Each person as an organisation sees him.
import { and, asc, eq, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { organisationMembers, organisations, type UserRow, users } from "./schema.ts";

/** orgId and role are those of the organisation that looks. */
export type Member = UserRow & { guest: boolean };

/** Only of organisations that are not disabled; who is no member is missing. Of several of both, every pair there is. */
export async function seenBy(db: Queryable, orgIds: readonly string[], userIds: readonly string[]): Promise<Member[]> {
  if (orgIds.length === 0 || userIds.length === 0) return [];
  const rows = await db
    .select({ user: users, orgId: organisations.id, role: organisationMembers.role })
    .from(users)
    .innerJoin(organisations, inArray(organisations.id, [...new Set(orgIds)]))
    .leftJoin(organisationMembers, membership(organisations.id))
    .where(
      and(
        inArray(users.id, [...new Set(userIds)]),
        isNull(organisations.disabledAt),
        or(eq(users.orgId, organisations.id), isNotNull(organisationMembers.userId)),
      ),
    );
  return rows.map(({ user, orgId, role }) => ({ ...user, orgId, role: role ?? user.role, guest: user.orgId !== orgId }));
}

export const findMembers = (db: Queryable, orgId: string, userIds: readonly string[]): Promise<Member[]> =>
  seenBy(db, [orgId], userIds);

export async function findMember(db: Queryable, orgId: string, userId: string): Promise<Member | null> {
  const [member] = await seenBy(db, [orgId], [userId]);
  return member ?? null;
}

/** For a left join: the guest's row of this organisation. */
export const membership = (orgId: string | typeof organisations.id) =>
  and(eq(organisationMembers.userId, users.id), eq(organisationMembers.orgId, orgId));

/** With {@link membership} joined: at home there, or a guest. */
export const belongs = (orgId: string) => or(eq(users.orgId, orgId), isNotNull(organisationMembers.userId));

/** With {@link membership} joined: a guest's own role, else the person's. */
export const roleThere = sql<string>`coalesce(${organisationMembers.role}, ${users.role})`;

/** Where a person may work, by name. */
export async function organisationsOf(db: Queryable, userId: string) {
  return db
    .select({
      id: organisations.id,
      name: organisations.name,
      role: sql<UserRow["role"]>`coalesce(${organisationMembers.role}, ${users.role})`,
    })
    .from(organisations)
    .innerJoin(users, eq(users.id, userId))
    .leftJoin(organisationMembers, membership(organisations.id))
    .where(and(isNull(organisations.disabledAt), or(eq(users.orgId, organisations.id), isNotNull(organisationMembers.userId))))
    .orderBy(asc(organisations.name), asc(organisations.id));
}

// Who belongs to an organisation: people at home there, and guests from another with a role of their own. Each person as an organisation sees him.
import { and, asc, eq, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { permissionsOf } from "./actor.ts";
import { mayAct } from "./person-state.ts";
import {
  organisationMembers,
  organisations,
  type Permission,
  type Role,
  type RoleRow,
  roles,
  type UserRow,
  users,
} from "./schema.ts";

/** orgId and role are those of the organisation that looks. roleName: of a role that it made; null for a built-in one. */
export type Member = UserRow & { guest: boolean; roleName: string | null; permissions: readonly Permission[] };

/** guestRole and made: of the rows that {@link membership} and {@link madeRole} join. */
export function asMember(row: { user: UserRow; orgId: string; guestRole: Role | null; made: RoleRow | null }): Member {
  const role = row.guestRole ?? row.user.role;
  return {
    ...row.user,
    orgId: row.orgId,
    role,
    roleName: row.made?.name ?? null,
    permissions: permissionsOf(role, row.made),
    guest: row.user.orgId !== row.orgId,
  };
}

/** Only of organisations that are not disabled; who is no member is missing. Of several of both, every pair there is. */
export async function seenBy(db: Queryable, orgIds: readonly string[], userIds: readonly string[]): Promise<Member[]> {
  if (orgIds.length === 0 || userIds.length === 0) return [];
  const rows = await db
    .select({ user: users, orgId: organisations.id, guestRole: organisationMembers.role, made: roles })
    .from(users)
    .innerJoin(organisations, inArray(organisations.id, [...new Set(orgIds)]))
    .leftJoin(organisationMembers, membership(organisations.id))
    .leftJoin(roles, madeRole(organisations.id))
    .where(
      and(
        inArray(users.id, [...new Set(userIds)]),
        isNull(organisations.disabledAt),
        or(eq(users.orgId, organisations.id), isNotNull(organisationMembers.userId)),
      ),
    );
  return rows.map(asMember);
}

export const findMembers = (db: Queryable, orgId: string, userIds: readonly string[]): Promise<Member[]> =>
  seenBy(db, [orgId], userIds);

export async function findMember(db: Queryable, orgId: string, userId: string): Promise<Member | null> {
  const [member] = await seenBy(db, [orgId], [userId]);
  return member ?? null;
}

/** By e-mail address or user name, in any letters. @throws HubError `not-found` for nobody of the organisation, and for who is there no more. */
export async function findMemberNamed(db: Queryable, orgId: string, name: string, now: Date): Promise<Member> {
  const wanted = name.toLowerCase();
  const [found] = await db
    .select({ id: users.id })
    .from(users)
    .leftJoin(organisationMembers, membership(orgId))
    .where(and(belongs(orgId), or(eq(users.email, wanted), eq(users.username, wanted))))
    .limit(1);
  const member = found === undefined ? null : await findMember(db, orgId, found.id);
  if (member === null || !mayAct(member, now)) throw notFound("person");
  return member;
}

/** For a left join: the guest's row of this organisation. */
export const membership = (orgId: string | typeof organisations.id) =>
  and(eq(organisationMembers.userId, users.id), eq(organisationMembers.orgId, orgId));

/** With {@link membership} joined: at home there, or a guest. */
export const belongs = (orgId: string) => or(eq(users.orgId, orgId), isNotNull(organisationMembers.userId));

/** With {@link membership} joined: a guest's own role, else the person's. */
export const roleThere = sql<Role>`coalesce(${organisationMembers.role}, ${users.role})`;

/** For a left join after {@link membership}: the row of the role there, if the organisation made it. */
export const madeRole = (orgId: string | typeof organisations.id) => and(eq(roles.id, roleThere), eq(roles.orgId, orgId));

/** Where a person may work, by name. */
export async function organisationsOf(db: Queryable, userId: string) {
  return db
    .select({
      id: organisations.id,
      name: organisations.name,
      role: roleThere,
      roleName: roles.name,
    })
    .from(organisations)
    .innerJoin(users, eq(users.id, userId))
    .leftJoin(organisationMembers, membership(organisations.id))
    .leftJoin(roles, madeRole(organisations.id))
    .where(and(isNull(organisations.disabledAt), or(eq(users.orgId, organisations.id), isNotNull(organisationMembers.userId))))
    .orderBy(asc(organisations.name), asc(organisations.id));
}

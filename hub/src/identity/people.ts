// Queries over people.
import { and, asc, count, eq, exists, gt, ilike, isNotNull, isNull, lte, or, type SQL } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import { asMember, belongs, type Member, madeRole, membership, roleThere } from "./members.ts";
import type { PersonState } from "./person-state.ts";
import { groupMembers, organisationMembers, organisations, type Role, roles, type UserRow, users } from "./schema.ts";

export async function findUser(db: Queryable, id: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.id, id));
  return row ?? null;
}

/** Only who is at home there: whose account its administrators own. For who works there, see members.ts. */
export async function findUserOf(db: Queryable, orgId: string, id: string): Promise<UserRow | null> {
  const [row] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, id), eq(users.orgId, orgId)));
  return row ?? null;
}

export async function findUserByEmail(db: Queryable, email: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email.toLowerCase()));
  return row ?? null;
}

/** Of people at home in a disabled one, nobody signs in. */
export async function isActive(db: Queryable, orgId: string): Promise<boolean> {
  const [row] = await db.select({ disabledAt: organisations.disabledAt }).from(organisations).where(eq(organisations.id, orgId));
  return row !== undefined && row.disabledAt === null;
}

/** The organisation of this installation; made with the first start. */
export async function defaultOrganisation(db: Queryable): Promise<{ id: string; name: string; slug: string } | null> {
  const [row] = await db
    .select({ id: organisations.id, name: organisations.name, slug: organisations.slug })
    .from(organisations)
    .orderBy(asc(organisations.id))
    .limit(1);
  return row ?? null;
}

export async function findOrganisation(db: Queryable, id: string): Promise<{ id: string; name: string; slug: string } | null> {
  const [row] = await db
    .select({ id: organisations.id, name: organisations.name, slug: organisations.slug })
    .from(organisations)
    .where(eq(organisations.id, id));
  return row ?? null;
}

/** False on a fresh hub: nobody can sign in yet. */
export async function anyAdministrator(db: Queryable): Promise<boolean> {
  const [row] = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), eq(users.accepted, true)))
    .limit(1);
  return row !== undefined;
}

/** Administrators who can sign in and whose time has no end; locks the rows, so that two cannot leave at once. */
export async function lockActiveAdministrators(db: Queryable, orgId: string): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.orgId, orgId),
        eq(users.role, "admin"),
        eq(users.accepted, true),
        isNull(users.disabledAt),
        isNull(users.expiresAt),
      ),
    )
    .for("update");
  return rows.map((row) => row.id);
}

export async function listPeople(
  db: Queryable,
  orgId: string,
  input: {
    cursor?: string | undefined;
    limit: number;
    search?: string | undefined;
    groupId?: string | undefined;
    state?: PersonState | undefined;
    role?: Role | undefined;
  },
  now: Date,
): Promise<{ rows: Member[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    belongs(orgId),
    pattern === null ? undefined : or(ilike(users.name, pattern), ilike(users.email, pattern), ilike(users.username, pattern)),
    input.groupId === undefined ? undefined : memberOf(db, input.groupId),
    input.state === undefined ? undefined : inState(input.state, now),
    input.role === undefined ? undefined : eq(roleThere, input.role),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(users.name, cursor.sortKey), and(eq(users.name, cursor.sortKey), gt(users.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    db
      .select({ user: users, guestRole: organisationMembers.role, made: roles })
      .from(users)
      .leftJoin(organisationMembers, membership(orgId))
      .leftJoin(roles, madeRole(orgId))
      .where(and(filter, after))
      .orderBy(asc(users.name), asc(users.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(users).leftJoin(organisationMembers, membership(orgId)).where(filter),
  ]);
  const people = rows.map((row) => asMember({ ...row, orgId }));
  return { ...cutPage(people, input.limit, (row) => encodeCursor(row.name, row.id)), total: counted?.total ?? 0 };
}

const memberOf = (db: Queryable, groupId: string) =>
  exists(
    db
      .select({ userId: groupMembers.userId })
      .from(groupMembers)
      .where(and(eq(groupMembers.groupId, groupId), eq(groupMembers.userId, users.id))),
  );

const notOver = (now: Date) => or(isNull(users.expiresAt), gt(users.expiresAt, now));

/** mayAct() in SQL. */
export const mayActNow = (now: Date): SQL | undefined => and(isNull(users.disabledAt), eq(users.accepted, true), notOver(now));

/** personStateOf() in SQL. */
function inState(state: PersonState, now: Date): SQL | undefined {
  switch (state) {
    case "disabled":
      return isNotNull(users.disabledAt);
    case "expired":
      return and(isNull(users.disabledAt), lte(users.expiresAt, now));
    case "invited":
      return and(isNull(users.disabledAt), notOver(now), eq(users.accepted, false));
    case "locked":
      return and(mayActNow(now), gt(users.lockedUntil, now));
    case "active":
      return and(mayActNow(now), or(isNull(users.lockedUntil), lte(users.lockedUntil, now)));
  }
}

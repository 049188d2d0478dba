// Queries over people.
import { and, asc, count, eq, exists, gt, ilike, inArray, isNull, or } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import { groupMembers, organisations, type UserRow, users } from "./schema.ts";

export async function findUser(db: Queryable, id: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.id, id));
  return row ?? null;
}

export async function findUserOf(db: Queryable, orgId: string, id: string): Promise<UserRow | null> {
  const [row] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, id), eq(users.orgId, orgId)));
  return row ?? null;
}

/** Those of the ids that are people of the organisation. */
export async function findUsersOf(db: Queryable, orgId: string, ids: readonly string[]): Promise<UserRow[]> {
  return db
    .select()
    .from(users)
    .where(and(inArray(users.id, [...ids]), eq(users.orgId, orgId)));
}

export async function findUserByEmail(db: Queryable, email: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email.toLowerCase()));
  return row ?? null;
}

/** The organisation of this installation; made with the first start. */
export async function defaultOrganisation(db: Queryable): Promise<{ id: string; name: string } | null> {
  const [row] = await db
    .select({ id: organisations.id, name: organisations.name })
    .from(organisations)
    .orderBy(asc(organisations.id))
    .limit(1);
  return row ?? null;
}

export async function findOrganisation(db: Queryable, id: string): Promise<{ id: string; name: string } | null> {
  const [row] = await db
    .select({ id: organisations.id, name: organisations.name })
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

/** Administrators who can still sign in; locks the rows, so that two cannot leave at once. */
export async function lockActiveAdministrators(db: Queryable, orgId: string): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.orgId, orgId), eq(users.role, "admin"), eq(users.accepted, true), isNull(users.disabledAt)))
    .for("update");
  return rows.map((row) => row.id);
}

export async function listPeople(
  db: Queryable,
  orgId: string,
  input: { cursor?: string | undefined; limit: number; search?: string | undefined; groupId?: string | undefined },
): Promise<{ rows: UserRow[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    eq(users.orgId, orgId),
    pattern === null ? undefined : or(ilike(users.name, pattern), ilike(users.email, pattern)),
    input.groupId === undefined ? undefined : memberOf(db, input.groupId),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(users.name, cursor.sortKey), and(eq(users.name, cursor.sortKey), gt(users.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    db
      .select()
      .from(users)
      .where(and(filter, after))
      .orderBy(asc(users.name), asc(users.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(users).where(filter),
  ]);
  return { ...cutPage(rows, input.limit, (row) => encodeCursor(row.name, row.id)), total: counted?.total ?? 0 };
}

const memberOf = (db: Queryable, groupId: string) =>
  exists(
    db
      .select({ userId: groupMembers.userId })
      .from(groupMembers)
      .where(and(eq(groupMembers.groupId, groupId), eq(groupMembers.userId, users.id))),
  );

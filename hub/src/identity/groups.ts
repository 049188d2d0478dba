// Queries over groups of people.
import { and, asc, count, eq, gt, ilike, inArray, isNotNull, or } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import { type GroupRow, groupMembers, groups } from "./schema.ts";

export async function listGroups(
  db: Queryable,
  orgId: string,
  input: { cursor?: string | undefined; limit: number; search?: string | undefined },
): Promise<{ rows: { group: GroupRow; members: number }[]; total: number; nextCursor: string | null }> {
  const filter = and(eq(groups.orgId, orgId), input.search ? ilike(groups.name, likeOf(input.search)) : undefined);
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(groups.name, cursor.sortKey), and(eq(groups.name, cursor.sortKey), gt(groups.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    db
      .select({ group: groups, members: count(groupMembers.userId) })
      .from(groups)
      .leftJoin(groupMembers, eq(groupMembers.groupId, groups.id))
      .where(and(filter, after))
      .groupBy(groups.id)
      .orderBy(asc(groups.name), asc(groups.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(groups).where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ group }) => encodeCursor(group.name, group.id)), total: counted?.total ?? 0 };
}

/** Locks the row, so that what is decided about a group's members still holds when it is written. */
export async function lockGroup(tx: Queryable, orgId: string, id: string): Promise<GroupRow | null> {
  const [row] = await tx
    .select()
    .from(groups)
    .where(and(eq(groups.orgId, orgId), eq(groups.id, id)))
    .for("update");
  return row ?? null;
}

/** The groups of an organisation that a person is in, by name. */
export async function groupsOf(db: Queryable, orgId: string, userId: string): Promise<{ id: string; name: string }[]> {
  return db
    .select({ id: groups.id, name: groups.name })
    .from(groups)
    .innerJoin(groupMembers, eq(groupMembers.groupId, groups.id))
    .where(and(eq(groups.orgId, orgId), eq(groupMembers.userId, userId)))
    .orderBy(asc(groups.name));
}

/**
 * Returns those who were not members before, or only because another system said so: from now on somebody here has decided.
 * @param providerId the system that says so. It takes no membership over that is there already.
 */
export async function insertMembers(
  tx: Queryable,
  groupId: string,
  userIds: readonly string[],
  providerId: string | null = null,
): Promise<string[]> {
  if (userIds.length === 0) return [];
  const insert = tx.insert(groupMembers).values(userIds.map((userId) => ({ groupId, userId, providerId })));
  const target = [groupMembers.groupId, groupMembers.userId];
  const rows = await (providerId === null
    ? insert.onConflictDoUpdate({ target, set: { providerId: null }, setWhere: isNotNull(groupMembers.providerId) })
    : insert.onConflictDoNothing()
  ).returning({ userId: groupMembers.userId });
  return rows.map(({ userId }) => userId);
}

/** Returns those who were members. */
export async function deleteMembers(tx: Queryable, groupId: string, userIds: readonly string[]): Promise<string[]> {
  const rows = await tx
    .delete(groupMembers)
    .where(and(eq(groupMembers.groupId, groupId), inArray(groupMembers.userId, [...userIds])))
    .returning({ userId: groupMembers.userId });
  return rows.map(({ userId }) => userId);
}

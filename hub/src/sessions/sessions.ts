// Queries over sessions.
import { and, count, desc, eq, gte, ilike, inArray, lt, lte, ne, or, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { cutPage, likeOf } from "../platform/paging.ts";
import type { ListSessions } from "./input.ts";
import { type SessionRow, sessions } from "./schema.ts";

/** emergency: opened under access that was taken in one. */
export type SessionWithNames = { session: SessionRow; assetName: string; userName: string; emergency: boolean };

const withNames = (db: Queryable) =>
  db
    .select({
      session: sessions,
      assetName: assets.name,
      userName: users.name,
      emergency: sql<boolean>`exists (select 1 from grants g where g.id = ${sessions.grantId} and g.emergency)`,
    })
    .from(sessions)
    .innerJoin(assets, eq(assets.id, sessions.assetId))
    .innerJoin(users, eq(users.id, sessions.userId));

/** Newest first. Ids rise with time, so the cursor is the last id. */
export async function listSessions(
  db: Queryable,
  orgId: string,
  input: ListSessions,
  onlyUserId: string | null,
): Promise<{ rows: SessionWithNames[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    eq(sessions.orgId, orgId),
    onlyUserId === null ? undefined : eq(sessions.userId, onlyUserId),
    input.userId === undefined ? undefined : eq(sessions.userId, input.userId),
    input.assetId === undefined ? undefined : eq(sessions.assetId, input.assetId),
    input.state === undefined ? undefined : input.state === "ended" ? eq(sessions.state, "ended") : ne(sessions.state, "ended"),
    input.from === undefined ? undefined : gte(sessions.startedAt, new Date(input.from)),
    input.to === undefined ? undefined : lte(sessions.startedAt, new Date(input.to)),
    pattern === null
      ? undefined
      : or(ilike(assets.name, pattern), ilike(users.name, pattern), eq(sessions.id, input.search ?? "")),
  );
  const before = input.cursor === undefined ? undefined : lt(sessions.id, input.cursor);
  const [rows, [counted]] = await Promise.all([
    withNames(db)
      .where(and(filter, before))
      .orderBy(desc(sessions.id))
      .limit(input.limit + 1),
    db
      .select({ total: count() })
      .from(sessions)
      .innerJoin(assets, eq(assets.id, sessions.assetId))
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ session }) => session.id), total: counted?.total ?? 0 };
}

export async function findSession(db: Queryable, orgId: string, id: string): Promise<SessionWithNames | null> {
  const [row] = await withNames(db).where(and(eq(sessions.orgId, orgId), eq(sessions.id, id)));
  return row ?? null;
}

export async function countLive(db: Queryable, orgId: string, onlyUserId: string | null): Promise<number> {
  const [row] = await db
    .select({ live: count() })
    .from(sessions)
    .where(
      and(
        eq(sessions.orgId, orgId),
        ne(sessions.state, "ended"),
        onlyUserId === null ? undefined : eq(sessions.userId, onlyUserId),
      ),
    );
  return row?.live ?? 0;
}

/** Assets a person used last, newest first. */
export async function recentAssetIds(db: Queryable, userId: string, limit: number): Promise<string[]> {
  const last = sql<Date>`max(${sessions.startedAt})`;
  const rows = await db
    .select({ assetId: sessions.assetId, last })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .groupBy(sessions.assetId)
    .orderBy(desc(last))
    .limit(limit);
  return rows.map((row) => row.assetId);
}

/** Sessions through these agents that have not ended, live in this process or waiting for their agent. */
export async function unendedSessionsOf(db: Queryable, agentIds: string[]): Promise<SessionRow[]> {
  return db
    .select()
    .from(sessions)
    .where(and(inArray(sessions.agentId, agentIds), ne(sessions.state, "ended")));
}

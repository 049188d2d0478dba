// Queries over agents.
import { and, asc, count, eq, gt, gte, ilike, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { ListAgents } from "./input.ts";
import { type AgentRow, agents, fleetHistory, type ZoneRow, zones } from "./schema.ts";

export type AgentWithZone = { agent: AgentRow; zone: ZoneRow };

const withZone = (db: Queryable) =>
  db.select({ agent: agents, zone: zones }).from(agents).innerJoin(zones, eq(zones.id, agents.zoneId));

export async function listAgents(
  db: Queryable,
  orgId: string,
  input: ListAgents,
): Promise<{ rows: AgentWithZone[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const states = {
    online: and(isNull(agents.revokedAt), eq(agents.online, true)),
    offline: and(isNull(agents.revokedAt), eq(agents.online, false)),
    revoked: isNotNull(agents.revokedAt),
  };
  const filter = and(
    eq(agents.orgId, orgId),
    input.zoneId === undefined ? undefined : eq(agents.zoneId, input.zoneId),
    input.state === undefined ? isNull(agents.revokedAt) : states[input.state],
    pattern === null
      ? undefined
      : or(
          ilike(agents.name, pattern),
          ilike(sql`${agents.facts}->>'hostname'`, pattern),
          ilike(sql`${agents.facts}->>'addresses'`, pattern),
          eq(agents.id, input.search ?? ""),
        ),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(agents.name, cursor.sortKey), and(eq(agents.name, cursor.sortKey), gt(agents.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    withZone(db)
      .where(and(filter, after))
      .orderBy(asc(agents.name), asc(agents.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(agents).where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ agent }) => encodeCursor(agent.name, agent.id)), total: counted?.total ?? 0 };
}

export async function findAgent(db: Queryable, orgId: string, id: string): Promise<AgentWithZone | null> {
  const [row] = await withZone(db).where(and(eq(agents.orgId, orgId), eq(agents.id, id)));
  return row ?? null;
}

export async function countAgents(db: Queryable, orgId: string): Promise<{ total: number; online: number; offline: number }> {
  const [row] = await db
    .select({ total: count(), online: sql<number>`count(*) filter (where ${agents.online})::int` })
    .from(agents)
    .where(and(eq(agents.orgId, orgId), isNull(agents.revokedAt)));
  const total = row?.total ?? 0;
  const online = row?.online ?? 0;
  return { total, online, offline: total - online };
}

export async function fleetHistorySince(db: Queryable, orgId: string, since: Date) {
  return db
    .select({ at: fleetHistory.at, online: fleetHistory.online, offline: fleetHistory.offline })
    .from(fleetHistory)
    .where(and(eq(fleetHistory.orgId, orgId), gte(fleetHistory.at, since)))
    .orderBy(asc(fleetHistory.at));
}

/** Of these zones, those where some agent may reach neighbours with a key of its own host. */
export async function zonesWithOwnKey(db: Queryable, orgId: string, zoneIds: readonly string[]): Promise<Set<string>> {
  if (zoneIds.length === 0) return new Set();
  const rows = await db
    .selectDistinct({ zoneId: agents.zoneId })
    .from(agents)
    .where(
      and(
        eq(agents.orgId, orgId),
        inArray(agents.zoneId, [...zoneIds]),
        isNull(agents.revokedAt),
        sql`${agents.facts}->'ownKey'->>'line' <> ''`,
      ),
    );
  return new Set(rows.map(({ zoneId }) => zoneId));
}

// Assets: what can be reached. Queries, and the host asset that comes with each agent.

import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, gt, ilike, inArray, isNull, or, sql } from "drizzle-orm";
import { type AgentRow, agents, type ZoneRow, zones } from "../fleet/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { ListAssets } from "./input.ts";
import { type AssetRow, assets } from "./schema.ts";

export type AssetWithAgent = { asset: AssetRow; agent: AgentRow; zone: ZoneRow };

const withAgent = (db: Queryable) =>
  db
    .select({ asset: assets, agent: agents, zone: zones })
    .from(assets)
    .innerJoin(agents, eq(agents.id, assets.agentId))
    .innerJoin(zones, eq(zones.id, agents.zoneId));

/** @param onlyIds assets a person may see; null for all of the organisation. */
export async function listAssets(
  db: Queryable,
  orgId: string,
  input: ListAssets,
  onlyIds: string[] | null,
): Promise<{ rows: AssetWithAgent[]; total: number; nextCursor: string | null }> {
  if (onlyIds?.length === 0) return { rows: [], total: 0, nextCursor: null };
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    eq(assets.orgId, orgId),
    isNull(assets.retiredAt),
    onlyIds === null ? undefined : inArray(assets.id, onlyIds),
    input.zoneId === undefined ? undefined : eq(agents.zoneId, input.zoneId),
    input.state === undefined ? undefined : eq(agents.online, input.state === "online"),
    pattern === null
      ? undefined
      : or(
          ilike(agents.name, pattern),
          ilike(sql`${agents.facts}->>'hostname'`, pattern),
          ilike(sql`${agents.facts}->>'addresses'`, pattern),
          eq(assets.id, input.search ?? ""),
        ),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(agents.name, cursor.sortKey), and(eq(agents.name, cursor.sortKey), gt(assets.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    withAgent(db)
      .where(and(filter, after))
      .orderBy(asc(agents.name), asc(assets.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(assets).innerJoin(agents, eq(agents.id, assets.agentId)).where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ agent, asset }) => encodeCursor(agent.name, asset.id)), total: counted?.total ?? 0 };
}

export async function findAsset(db: Queryable, orgId: string, id: string): Promise<AssetWithAgent | null> {
  const [row] = await withAgent(db).where(and(eq(assets.orgId, orgId), eq(assets.id, id)));
  return row ?? null;
}

export async function findAssets(db: Queryable, orgId: string, ids: string[]): Promise<AssetWithAgent[]> {
  return ids.length === 0 ? [] : withAgent(db).where(and(eq(assets.orgId, orgId), inArray(assets.id, ids)));
}

export async function assetsOfAgents(db: Queryable, agentIds: string[]): Promise<AssetRow[]> {
  return agentIds.length === 0 ? [] : db.select().from(assets).where(inArray(assets.agentId, agentIds));
}

export async function countAssets(db: Queryable, orgId: string): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), isNull(assets.retiredAt)));
  return row?.total ?? 0;
}

/** The host an agent runs on, as an asset; in the enrolment's transaction. Its name follows the agent's. */
export async function addHostAsset(tx: Transaction, agent: AgentRow): Promise<void> {
  await tx.insert(assets).values({
    id: newId("ast"),
    orgId: agent.orgId,
    agentId: agent.id,
    kind: "host",
    name: agent.name,
    platform: "linux",
    createdAt: agent.enrolledAt,
  });
}

/** Nobody can reach it any more; records that name it stay readable. */
export async function retireAssetsOf(db: Queryable, agentId: string, now: Date): Promise<void> {
  await db
    .update(assets)
    .set({ retiredAt: now })
    .where(and(eq(assets.agentId, agentId), isNull(assets.retiredAt)));
}

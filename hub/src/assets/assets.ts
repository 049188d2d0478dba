// Queries over assets, and the host asset that comes with each agent.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, exists, gt, ilike, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { type AgentRow, agents, type ZoneRow, zones } from "../fleet/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { ListAssets } from "./input.ts";
import { usualProtocols } from "./input.ts";
import { type AssetRow, assetLabels, assetNodes, assets, favourites, nodeAncestors } from "./schema.ts";

/** `agent`: of an agent's own host, that agent. */
export type AssetInZone = { asset: AssetRow; zone: ZoneRow; agent: AgentRow | null };

const inZone = (db: Queryable) =>
  db
    .select({ asset: assets, zone: zones, agent: agents })
    .from(assets)
    .innerJoin(zones, eq(zones.id, assets.zoneId))
    .leftJoin(agents, eq(agents.id, assets.agentId));

/** Some agent that reaches it is online. */
const isReachable = sql`exists (select 1 from ${agents} a where a.online and a.revoked_at is null
  and case when ${assets.agentId} is null then a.zone_id = ${assets.zoneId} else a.id = ${assets.agentId} end)`;

function filterOf(
  db: Queryable,
  orgId: string,
  input: Omit<ListAssets, "cursor" | "limit" | "scope">,
  userId: string,
): SQL | undefined {
  const pattern = input.search ? likeOf(input.search) : null;
  return and(
    eq(assets.orgId, orgId),
    isNull(assets.retiredAt),
    input.ids === undefined ? undefined : inArray(assets.id, input.ids),
    input.zoneId === undefined ? undefined : eq(assets.zoneId, input.zoneId),
    input.category === undefined ? undefined : eq(assets.category, input.category),
    input.platform === undefined ? undefined : eq(assets.platform, input.platform),
    input.active === undefined ? undefined : eq(assets.active, input.active),
    input.state === undefined ? undefined : input.state === "online" ? isReachable : sql`not ${isReachable}`,
    input.nodeId === undefined
      ? undefined
      : inArray(
          assets.id,
          db
            .select({ id: assetNodes.assetId })
            .from(assetNodes)
            .innerJoin(nodeAncestors, eq(nodeAncestors.nodeId, assetNodes.nodeId))
            .where(eq(nodeAncestors.ancestorId, input.nodeId)),
        ),
    input.label === undefined
      ? undefined
      : exists(
          db
            .select({ one: sql`1` })
            .from(assetLabels)
            .where(and(eq(assetLabels.assetId, assets.id), eq(assetLabels.label, input.label))),
        ),
    input.favourite !== true
      ? undefined
      : inArray(assets.id, db.select({ id: favourites.assetId }).from(favourites).where(eq(favourites.userId, userId))),
    pattern === null
      ? undefined
      : or(
          ilike(assets.name, pattern),
          ilike(assets.address, pattern),
          ilike(assets.comment, pattern),
          ilike(sql`${agents.facts}->>'hostname'`, pattern),
          ilike(sql`${agents.facts}->>'addresses'`, pattern),
          eq(assets.id, input.search ?? ""),
        ),
  );
}

/** @param only a further condition: what a person may reach; undefined for all of the organisation. */
export async function listAssets(
  db: Queryable,
  { orgId, userId }: { orgId: string; userId: string },
  input: Omit<ListAssets, "scope">,
  only: SQL | undefined,
): Promise<{ rows: AssetInZone[]; total: number; nextCursor: string | null }> {
  const filter = and(filterOf(db, orgId, input, userId), only);
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(assets.name, cursor.sortKey), and(eq(assets.name, cursor.sortKey), gt(assets.id, cursor.id)));
  const [rows, total] = await Promise.all([
    inZone(db)
      .where(and(filter, after))
      .orderBy(asc(assets.name), asc(assets.id))
      .limit(input.limit + 1),
    countWhere(db, filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ asset }) => encodeCursor(asset.name, asset.id)), total };
}

export const countAssets = (db: Queryable, orgId: string, only: SQL | undefined): Promise<number> =>
  countWhere(db, and(eq(assets.orgId, orgId), isNull(assets.retiredAt), only));

async function countWhere(db: Queryable, filter: SQL | undefined): Promise<number> {
  const [row] = await db.select({ total: count() }).from(assets).leftJoin(agents, eq(agents.id, assets.agentId)).where(filter);
  return row?.total ?? 0;
}

export async function findAsset(db: Queryable, orgId: string, id: string): Promise<AssetInZone | null> {
  const [row] = await inZone(db)
    .where(and(eq(assets.orgId, orgId), eq(assets.id, id)))
    .prepare("find_asset")
    .execute();
  return row ?? null;
}

export async function findAssets(db: Queryable, orgId: string, ids: string[]): Promise<AssetInZone[]> {
  return ids.length === 0 ? [] : inZone(db).where(and(eq(assets.orgId, orgId), inArray(assets.id, ids)));
}

/** The asset for a change to it; another change waits until this one is done. */
export async function lockAsset(tx: Transaction, orgId: string, id: string): Promise<AssetRow | null> {
  const [row] = await tx
    .select()
    .from(assets)
    .where(and(eq(assets.orgId, orgId), eq(assets.id, id), isNull(assets.retiredAt)))
    .for("update");
  return row ?? null;
}

export async function assetsOfAgents(db: Queryable, agentIds: string[]): Promise<AssetRow[]> {
  return agentIds.length === 0 ? [] : db.select().from(assets).where(inArray(assets.agentId, agentIds));
}

/** Labels and nodes of a page of assets. */
export async function placesOf(db: Queryable, ids: string[]): Promise<Map<string, { labels: string[]; nodeIds: string[] }>> {
  const places = new Map(ids.map((id) => [id, { labels: [] as string[], nodeIds: [] as string[] }]));
  if (ids.length === 0) return places;
  const [labels, inNodes] = await Promise.all([
    db.select().from(assetLabels).where(inArray(assetLabels.assetId, ids)).orderBy(asc(assetLabels.label)),
    db.select().from(assetNodes).where(inArray(assetNodes.assetId, ids)),
  ]);
  for (const { assetId, label } of labels) places.get(assetId)?.labels.push(label);
  for (const { assetId, nodeId } of inNodes) places.get(assetId)?.nodeIds.push(nodeId);
  return places;
}

export async function favouritesOf(db: Queryable, userId: string, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .select({ id: favourites.assetId })
    .from(favourites)
    .where(and(eq(favourites.userId, userId), inArray(favourites.assetId, ids)));
  return new Set(rows.map(({ id }) => id));
}

/** The host an agent runs on, as an asset; in the enrolment's transaction. */
export async function addHostAsset(tx: Transaction, agent: AgentRow): Promise<void> {
  await tx.insert(assets).values({
    id: newId("ast"),
    orgId: agent.orgId,
    zoneId: agent.zoneId,
    agentId: agent.id,
    category: "host",
    platform: "linux",
    name: agent.name,
    protocols: usualProtocols("linux"),
    createdAt: agent.enrolledAt,
    updatedAt: agent.enrolledAt,
  });
}

/** An agent's host is called and lies where its agent does; in the transaction that changes the agent. */
export async function followAgent(tx: Transaction, agent: { id: string; name: string; zoneId: string }): Promise<void> {
  await tx.update(assets).set({ name: agent.name, zoneId: agent.zoneId }).where(eq(assets.agentId, agent.id));
}

/** Nobody can reach it any more; records that name it stay readable. */
export async function retireAssetsOf(db: Queryable, agentId: string, now: Date): Promise<void> {
  await db
    .update(assets)
    .set({ retiredAt: now })
    .where(and(eq(assets.agentId, agentId), isNull(assets.retiredAt)));
}

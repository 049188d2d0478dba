// Agents are told to look when there is work for them. The rows are the queue: a message that is lost costs two seconds.
import { and, eq, inArray, isNull } from "drizzle-orm";
import { agents } from "../fleet/schema.ts";
import type { AutomationDeps } from "./deps.ts";

/** Of an agent's own host that agent; of a neighbour every agent of its zone, and the first that pulls has it. */
export type Released = { agentId: string | null; zoneId: string | null };

/** Of each of these zones that has an agent online: whether one of them runs scripts on neighbours. */
export async function reachingZones(
  { db, links }: Pick<AutomationDeps, "db" | "links">,
  orgId: string,
  zoneIds: string[],
): Promise<Map<string, boolean>> {
  if (zoneIds.length === 0) return new Map();
  const online = await db
    .select({ id: agents.id, zoneId: agents.zoneId })
    .from(agents)
    .where(
      and(
        eq(agents.orgId, orgId),
        inArray(agents.zoneId, [...new Set(zoneIds)]),
        eq(agents.online, true),
        isNull(agents.revokedAt),
      ),
    );
  const zones = new Map<string, boolean>();
  for (const { id, zoneId } of online) zones.set(zoneId, zones.get(zoneId) === true || links.processOf(id)?.equip === true);
  return zones;
}

export async function tellAgents({ db, links }: Pick<AutomationDeps, "db" | "links">, released: Released[]): Promise<void> {
  const told = new Set(released.flatMap(({ agentId }) => (agentId === null ? [] : [agentId])));
  const zoneIds = [...new Set(released.flatMap(({ agentId, zoneId }) => (agentId === null && zoneId !== null ? [zoneId] : [])))];
  if (zoneIds.length > 0) {
    const inZones = await db
      .select({ id: agents.id })
      .from(agents)
      .where(and(inArray(agents.zoneId, zoneIds), eq(agents.online, true)));
    for (const { id } of inZones) if (links.processOf(id)?.equip) told.add(id);
  }
  for (const agentId of told) links.get(agentId)?.send({ runLook: {} });
}

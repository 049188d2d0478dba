// Which agent reaches an asset: its own, or one of those in its zone.
import { and, eq, isNull } from "drizzle-orm";
import type { AssetInZone } from "../assets/assets.ts";
import { type AgentRow, agents } from "../fleet/schema.ts";
import { HubError } from "../platform/errors.ts";
import type { SessionDeps } from "./deps.ts";

/** Of several online the nearest by its last round trip. @throws HubError `agent-offline`. */
export async function chooseAgent({ db, links }: SessionDeps, { asset, agent, zone }: AssetInZone): Promise<AgentRow> {
  if (agent !== null) {
    if (links.isOnline(agent.id)) return agent;
    throw new HubError("agent-offline", "The agent is offline. Its host or its network is down, or the agent was stopped.");
  }
  const inZone = await db
    .select()
    .from(agents)
    .where(and(eq(agents.zoneId, asset.zoneId), isNull(agents.revokedAt)));
  const roundTripOf = ({ id }: AgentRow) => links.roundTrips(id).at(-1)?.us ?? Number.MAX_SAFE_INTEGER;
  const [nearest] = inZone.filter(({ id }) => links.isOnline(id)).sort((a, b) => roundTripOf(a) - roundTripOf(b));
  if (nearest === undefined)
    throw new HubError("agent-offline", `No agent of the zone ${zone.name} is online, so nothing in it can be reached.`);
  return nearest;
}

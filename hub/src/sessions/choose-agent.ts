// Which agent reaches an asset: its own, or one of those in its zone.
import { and, eq, isNull } from "drizzle-orm";
import type { AssetInZone } from "../assets/assets.ts";
import { type AgentRow, agents } from "../fleet/schema.ts";
import { HubError } from "../platform/errors.ts";
import type { SessionDeps } from "./deps.ts";

/** Agents that are tried for one session: enough for one that is ill, and a person does not wait for more. */
const triedMax = 3;

/** Those that are online, the nearest by its last round trip first; at least one. @throws HubError `agent-offline`, `agent-refused`. */
export async function agentsFor(
  { db, links }: SessionDeps,
  { asset, agent, zone }: AssetInZone,
): Promise<[AgentRow, ...AgentRow[]]> {
  if (agent !== null) {
    if (links.isOnline(agent.id)) return [agent];
    throw new HubError("agent-offline", "The agent is offline. Its host or its network is down, or the agent was stopped.");
  }
  const inZone = await db
    .select()
    .from(agents)
    .where(and(eq(agents.zoneId, asset.zoneId), isNull(agents.revokedAt)));
  const roundTripOf = ({ id }: AgentRow) => links.roundTrips(id).at(-1)?.us ?? Number.MAX_SAFE_INTEGER;
  const online = inZone.filter(({ id }) => links.isOnline(id));
  if (online.length === 0)
    throw new HubError("agent-offline", `No agent of the zone ${zone.name} is online, so nothing in it can be reached.`);
  // An agent that knows no neighbours is never asked: what it would make of the order is its own host.
  const [nearest, ...others] = online
    .filter(({ id }) => links.processOf(id)?.ssh)
    .sort((a, b) => roundTripOf(a) - roundTripOf(b));
  if (nearest === undefined)
    throw new HubError(
      "agent-refused",
      `The agents of the zone ${zone.name} are too old to reach neighbours. Install the newer agent.`,
      {
        facts: { reason: "too-old" },
      },
    );
  return [nearest, ...others.slice(0, triedMax - 1)];
}

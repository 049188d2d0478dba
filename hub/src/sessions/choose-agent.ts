// Which agent reaches an asset: its own, or one of those in its zone, and another of them when the first does not get there.
import { and, eq, isNull } from "drizzle-orm";
import type { AssetInZone } from "../assets/assets.ts";
import { type AgentRow, agents } from "../fleet/schema.ts";
import { HubError } from "../platform/errors.ts";
import type { SessionDeps } from "./deps.ts";

/** Agents that are tried for one session: enough for one that is ill, and a person does not wait for more. */
const triedMax = 3;

/** What an agent has to be able to: `ssh`: speak it to neighbours; `own-key`: sign in on them with a key of its own host. */
type Needs = "ssh" | "dial" | "own-key";

/** What another agent may do better. What the host itself said, it would say again, unless another key is shown to it. */
const passedOn: ReadonlySet<string> = new Set(["not-reached", "agent-offline"]);
const passedOnWithOwnKey: ReadonlySet<string> = new Set([...passedOn, "no-own-key", "sign-in-failed"]);

/** @throws HubError what the last agent came to, or `agent-offline`, `agent-refused`. */
export async function throughAgent<T>(
  deps: Pick<SessionDeps, "db" | "links">,
  target: AssetInZone,
  needs: Needs,
  reach: (agent: AgentRow) => Promise<T>,
): Promise<T> {
  const agents = await agentsFor(deps, target, needs);
  const mayGoOn = needs === "own-key" ? passedOnWithOwnKey : passedOn;
  for (const agent of agents.slice(0, -1)) {
    try {
      return await reach(agent);
    } catch (error) {
      if (!(error instanceof HubError) || !mayGoOn.has(error.code)) throw error;
    }
  }
  return reach(agents.at(-1) ?? agents[0]);
}

/** Those that are online, the nearest by its last round trip first; at least one. @throws HubError `agent-offline`, `agent-refused`, `no-own-key`. */
export async function agentsFor(
  { db, links }: Pick<SessionDeps, "db" | "links">,
  { asset, agent, zone }: AssetInZone,
  needs: Needs,
): Promise<[AgentRow, ...AgentRow[]]> {
  if (agent !== null) {
    if (links.isOnline(agent.id)) return [agent];
    throw new HubError("agent-offline", "The agent is offline. Its host or its network is down, or the agent was stopped.");
  }
  const inZone = await db
    .select()
    .from(agents)
    .where(and(eq(agents.zoneId, asset.zoneId), isNull(agents.revokedAt)))
    .prepare("agents_for")
    .execute();
  const roundTripOf = ({ id }: AgentRow) => links.roundTrips(id).at(-1)?.us ?? Number.MAX_SAFE_INTEGER;
  const online = inZone.filter(({ id }) => links.isOnline(id));
  if (online.length === 0)
    throw new HubError("agent-offline", `No agent of the zone ${zone.name} is online, so nothing in it can be reached.`);
  // An agent that knows no neighbours is never asked: what it would make of the order is its own host.
  const [nearest, ...others] = online
    .filter(({ id }) => needs === "dial" || links.processOf(id)?.[needs === "ssh" ? "ssh" : "ownKey"])
    .sort((a, b) => roundTripOf(a) - roundTripOf(b));
  if (nearest === undefined && needs === "own-key")
    throw new HubError(
      "no-own-key",
      `No agent of the zone ${zone.name} that is online may use a key of its own host. Whoever owns the host of one decides that, there.`,
    );
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

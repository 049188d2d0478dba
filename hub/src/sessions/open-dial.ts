// Opens a TCP connection to a port of an asset, through an agent. The person names the port; the host is the asset's, never his word.
import os from "node:os";
import { eq } from "drizzle-orm";
import type { Authorization } from "../access/authorize.ts";
import type { AgentRow } from "../fleet/schema.ts";
import { asNotReached } from "../neighbours/not-reached.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { throughAgent } from "./choose-agent.ts";
import type { SessionDeps } from "./deps.ts";
import { closeSession } from "./end-session.ts";
import { type DialClient, dialsPerPersonMax, LiveDial } from "./live-dial.ts";
import { openSession } from "./open-session.ts";
import { openingRow } from "./opening-row.ts";
import { sessions } from "./schema.ts";
import type { EndReason } from "./session-state.ts";

/** An agent's own host is reached by its loopback address; the order allows that one and no other. Of a neighbour it allows none. */
const ownHost = "127.0.0.1";
/** Connections that outlive a lost link are waited for a minute: a program at their other end gives up as soon. */
const keepSeconds = 60;

/**
 * Resolves once the connection stands.
 *
 * @throws HubError `too-many`, `agent-offline`, `agent-refused` with the agent's reason, of a neighbour `not-reached` with it, `no-grant`, `rule-refused`, `review-needed`.
 */
export async function openDial(
  deps: SessionDeps,
  authorization: Authorization,
  port: number,
  client: DialClient,
): Promise<LiveDial> {
  const { actor, target } = authorization;
  if (deps.dials.ofUser(actor.id).length >= dialsPerPersonMax)
    throw new HubError("too-many", `You have ${dialsPerPersonMax} connections open. End one first.`, {
      facts: { most: dialsPerPersonMax },
    });
  return throughAgent(deps, target, "dial", (agent) => open(deps, authorization, { agent, port, client }));
}

async function open(
  deps: SessionDeps,
  authorization: Authorization,
  { agent, port, client }: { agent: AgentRow; port: number; client: DialClient },
): Promise<LiveDial> {
  const { clock, dials, links, orders, db } = deps;
  const { target } = authorization;
  const isOwnHost = target.agent !== null;
  if (isOwnHost && deps.ownPorts().includes(port) && isThisMachine(links.get(agent.id)?.address ?? ""))
    throw new HubError(
      "forbidden",
      "That is the hub's own port. It is reached as people and agents reach it, not through an agent.",
    );
  const now = clock.now();
  const row = openingRow(authorization, { kind: "dial", agentId: agent.id, account: "", port }, now);
  return openSession(deps, authorization, row, { kind: "dial.opened", data: { assetId: target.asset.id, port } }, async () => {
    let live: LiveDial | null = null;
    const where = isOwnHost ? { host: ownHost, allowed: [ownHost] } : { host: target.asset.address, allowed: [] };
    const order = { ...where, sessionId: row.id, port, keepSeconds };
    const onStream = (stream: number): void => {
      live = new LiveDial({
        id: row.id,
        orgId: row.orgId,
        agentId: row.agentId,
        userId: row.userId,
        port,
        stream,
        client,
        onClosed: (closing) =>
          void closeSession(deps, row.id, { reason: endReasonOf(closing.reason), by: null, exitCode: null, signal: null }),
      });
      dials.add(live);
      live.join(links.streamsOf(row.agentId));
      void db
        .update(sessions)
        .set({ stream })
        .where(eq(sessions.id, row.id))
        .catch((error: unknown) => deps.log.error({ session: row.id, ...errorFields(error) }, "stream number not stored"));
    };
    await orders.send(row.agentId, { openDial: order }, onStream).catch((error: unknown) => {
      throw isOwnHost ? error : asNotReached(error, target.asset);
    });
    if (live === null) throw new HubError("internal", "The order was accepted without a stream.");
    return live;
  });
}

/** What an agent says in CLOSE: a connection that failed was ended by its other side; one that was kept too long lost its link. */
const endReasonOf = (reason: string): EndReason =>
  reason === "closed" ? "closed" : reason === "reset" || reason === "failed" ? "reset" : "agent-lost";

/** Is the agent on the hub's own machine? Then its loopback is the hub's. @param address of its link, as the hub's socket says it. */
function isThisMachine(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  const own = Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((one) => one.address));
  return plain.startsWith("127.") || own.includes(plain);
}

// An agent has linked: what it is, and whether it is one. Idempotent.

import type { wire } from "@sallyport/protocol/wire";
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import type { FleetDeps } from "./deps.ts";
import type { Duplicates } from "./duplicates.ts";
import { readHostFacts } from "./host-facts.ts";
import type { AgentLink } from "./links.ts";
import { type AgentRow, agents } from "./schema.ts";

/** Skew below this is the network's. */
const skewWorthShowingMs = 5_000;

export async function onHello(
  deps: FleetDeps & { duplicates: Duplicates },
  agent: AgentRow,
  link: AgentLink,
  hello: wire.Hello.$Properties,
): Promise<void> {
  const now = deps.clock.now();
  const skew = (hello.agentTimeMs ?? 0) - now.getTime();
  const duplicateAddresses = deps.duplicates.note(
    agent.id,
    { instanceId: (hello.instanceId ?? "").slice(0, 64), address: link.address },
    now.getTime(),
  );
  const seen = (queryable: Queryable) =>
    queryable
      .update(agents)
      .set({
        version: (hello.agentVersion ?? "").replaceAll("\0", "").slice(0, 64),
        ...(hello.facts ? { facts: readHostFacts(hello.facts, now) } : {}),
        lastSeenAt: now,
        onlineSince: now,
        online: true,
        address: link.address,
        transport: link.transport,
        clockSkewMs:
          Math.abs(skew) < skewWorthShowingMs ? null : Math.max(-2_147_483_648, Math.min(2_147_483_647, Math.round(skew))),
        ...(duplicateAddresses === null ? {} : { duplicateSeenAt: now, duplicateAddresses }),
      })
      .where(eq(agents.id, agent.id));
  // Ten thousand come back at once after a restart: one statement each, unless there is something to put on record.
  // It is said once an hour: the two take the link from each other every few seconds.
  const known = agent.duplicateSeenAt !== null && now.getTime() - agent.duplicateSeenAt.getTime() <= 3_600_000;
  if (duplicateAddresses === null || known) {
    await seen(deps.db);
    return;
  }
  await deps.db.transaction(async (tx) => {
    await seen(tx);
    await recordAudit(tx, {
      kind: "agent.duplicate-seen",
      orgId: agent.orgId,
      actor: null,
      subject: { kind: "agent", id: agent.id, name: agent.name },
      ip: link.address,
      data: { addresses: duplicateAddresses.join(", ") },
    });
  });
}

/** The link of an agent is gone. */
export async function onUnlinked(deps: FleetDeps, agent: { id: string; orgId: string }): Promise<void> {
  await deps.db
    .update(agents)
    .set({ online: false, onlineSince: null, lastSeenAt: deps.clock.now() })
    .where(eq(agents.id, agent.id));
  deps.changes.announce(agent.orgId, "agents", agent.id);
  deps.changes.announce(agent.orgId, "assets");
}

export async function onInventory(deps: FleetDeps, agentId: string, facts: wire.HostFacts.$Properties): Promise<void> {
  await deps.db
    .update(agents)
    .set({ facts: readHostFacts(facts, deps.clock.now()) })
    .where(eq(agents.id, agentId));
}

// An agent has linked: what it is, and whether it is one. Idempotent.

import { checkSealingKey } from "@sallyport/protocol/sealed";
import type { wire } from "@sallyport/protocol/wire";
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { shortText } from "../platform/text.ts";
import type { FleetDeps } from "./deps.ts";
import type { Duplicates } from "./duplicates.ts";
import { agentPublicKey } from "./enrol-agent.ts";
import { readHostFacts } from "./host-facts.ts";
import type { LinkingAgent } from "./link-rows.ts";
import type { AgentLink } from "./links.ts";
import { agents } from "./schema.ts";

/** Skew below this is the network's. */
const skewWorthShowingMs = 5_000;
/** Of `agents.clock_skew_ms`. */
const int32Max = 2_147_483_647;
const versionMax = 64;

export async function onHello(
  deps: FleetDeps & { duplicates: Duplicates; hubId: string },
  agent: LinkingAgent,
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
  // On record once an hour: two processes with one key take the link from each other every few seconds. Before the row, which tells that it was.
  const known = agent.duplicateSeenAt !== null && now.getTime() - agent.duplicateSeenAt.getTime() <= 3_600_000;
  if (duplicateAddresses !== null && !known)
    await deps.db.transaction((tx) =>
      recordAudit(tx, {
        kind: "agent.duplicate-seen",
        orgId: agent.orgId,
        actor: null,
        subject: { kind: "agent", id: agent.id, name: agent.name },
        ip: link.address,
        data: { addresses: duplicateAddresses.join(", ") },
      }),
    );
  deps.links.noteProcess(agent.id, processOf(deps.hubId, agent, hello));
  if (await deps.witnesses.compare(agent, link.address, hello.auditHeads ?? [])) deps.changes.announce(agent.orgId, "audit");
  await deps.linkRows.linked({
    agentId: agent.id,
    since: link.since,
    version: shortText(hello.agentVersion, versionMax),
    facts: hello.facts ? readHostFacts(hello.facts, now) : null,
    address: link.address,
    transport: link.transport,
    clockSkewMs: Math.abs(skew) < skewWorthShowingMs ? null : Math.max(-int32Max, Math.min(int32Max, Math.round(skew))),
    duplicateAddresses,
  });
}

/** A sealing key that the agent's identity did not sign for this hub is no key. */
function processOf(hubId: string, agent: LinkingAgent, { capabilities, sealingKey, sealingSignature }: wire.Hello.$Properties) {
  const named = sealingKey === undefined || sealingKey === null ? new Uint8Array() : sealingKey;
  const signed = checkSealingKey(
    { sealingKey: named, signature: sealingSignature ?? new Uint8Array() },
    { hubId, agentId: agent.id },
    agentPublicKey(agent.publicKey),
  );
  const can = (what: string) => (capabilities ?? []).includes(what);
  return {
    ssh: can("ssh"),
    ownKey: can("ssh") && can("own-key"),
    secretLines: can("secret-lines"),
    equip: can("equip"),
    files: can("equip") && can("files"),
    artefacts: can("equip") && can("files") && can("artefacts"),
    neighbourArtefacts: can("equip") && can("files") && can("artefacts") && can("neighbour-artefacts"),
    approvals: can("equip") && can("files") && can("artefacts") && can("approvals"),
    approvedOnly: can("approved-only"),
    sealingKey: signed ? Buffer.from(named) : null,
  };
}

/** The link of an agent is gone. */
export async function onUnlinked(deps: FleetDeps, agent: { id: string; orgId: string }, link: AgentLink): Promise<void> {
  await deps.linkRows.unlinked({ agentId: agent.id, since: link.since, at: deps.clock.now() });
  deps.changes.announce(agent.orgId, "agents", agent.id);
  deps.changes.announce(agent.orgId, "assets");
}

export async function onInventory(deps: FleetDeps, agentId: string, facts: wire.HostFacts.$Properties): Promise<void> {
  await deps.db
    .update(agents)
    .set({ facts: readHostFacts(facts, deps.clock.now()) })
    .where(eq(agents.id, agentId));
}

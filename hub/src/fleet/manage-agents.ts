// What administrators do with an agent: rename, move, revoke.
import { eq } from "drizzle-orm";
import type { AuditSubject } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type AgentWithZone, findAgent } from "./agents.ts";
import type { FleetDeps } from "./deps.ts";
import { agents } from "./schema.ts";
import { findZone } from "./zones.ts";

const subjectOf = (agent: { id: string; name: string }): AuditSubject => ({ kind: "agent", id: agent.id, name: agent.name });

export async function renameAgent(deps: FleetDeps, actor: Actor, { id, name }: { id: string; name: string }): Promise<void> {
  await withAgent(deps, actor, id, async (tx, { agent }) => {
    await tx.update(agents).set({ name }).where(eq(agents.id, id));
    await deps.onChanged(tx, { ...agent, name });
    await recordAudit(tx, {
      kind: "agent.renamed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf({ id, name }),
      ip: actor.ip,
      data: { before: agent.name, after: name },
    });
  });
}

export async function moveAgent(deps: FleetDeps, actor: Actor, { id, zoneId }: { id: string; zoneId: string }): Promise<void> {
  await withAgent(deps, actor, id, async (tx, { agent, zone }) => {
    const target = await findZone(tx, actor.orgId, zoneId);
    if (target === null) throw notFound("zone");
    await tx.update(agents).set({ zoneId }).where(eq(agents.id, id));
    await deps.onChanged(tx, { ...agent, zoneId });
    await recordAudit(tx, {
      kind: "agent.moved",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(agent),
      ip: actor.ip,
      data: { before: zone.name, after: target.name },
    });
  });
}

/**
 * Ends an agent's right to link. Its key is dead with the commit and its link closed by the time this resolves;
 * terminals through it have ended too. Revoking twice is not an error; the first revocation stands.
 */
export async function revokeAgent(deps: FleetDeps, actor: Actor, { id, reason }: { id: string; reason: string }): Promise<void> {
  await withAgent(deps, actor, id, async (tx, { agent }) => {
    if (agent.revokedAt !== null) return;
    await tx.update(agents).set({ revokedAt: deps.clock.now(), online: false, onlineSince: null }).where(eq(agents.id, id));
    await recordAudit(tx, {
      kind: "agent.revoked",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(agent),
      ip: actor.ip,
      data: { reason },
    });
  });
  // After the commit: a link that authenticated just before finds itself closed here, one after is refused.
  deps.links.get(id)?.close("revoked");
  await deps.onRevoked(id);
}

async function withAgent(
  deps: FleetDeps,
  actor: Actor,
  id: string,
  work: (tx: Transaction, found: AgentWithZone) => Promise<void>,
): Promise<void> {
  assertMay(actor, "fleet.manage");
  await deps.db.transaction(async (tx) => {
    const found = await findAgent(tx, actor.orgId, id);
    if (found === null) throw notFound("agent");
    await work(tx, found);
  });
  deps.changes.announce(actor.orgId, "agents", id);
}

// Giving and withdrawing grants.
import { newId } from "@sallyport/protocol/ids";
import { findAssets } from "../assets/assets.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { findUserOf } from "../identity/people.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { lockGrant, markRevoked } from "./grants.ts";
import type { Action } from "./input.ts";
import { grants } from "./schema.ts";

/** Ends live work opened under grants. Filled in by hub.ts: sessions and runs lie above. */
export type LiveWork = { endUnder(grantIds: string[]): Promise<void> };
export type AccessDeps = { db: Database; clock: Clock; changes: Changes; liveWork: LiveWork };

export async function createGrants(
  { db, clock, changes }: AccessDeps,
  actor: Actor,
  input: { userId: string; assetIds: string[]; actions: Action[]; expiresAt?: string | undefined },
): Promise<string[]> {
  assertMay(actor, "people.manage");
  const now = clock.now();
  const ids = await db.transaction(async (tx) => {
    const user = await findUserOf(tx, actor.orgId, input.userId);
    const wanted = [...new Set(input.assetIds)];
    const found = await findAssets(tx, actor.orgId, wanted);
    if (user === null) throw notFound("person");
    if (found.length !== wanted.length) throw notFound("asset");
    const made: string[] = [];
    for (const { asset, agent } of found) {
      const grant = {
        id: newId("grt"),
        orgId: actor.orgId,
        userId: user.id,
        assetId: asset.id,
        actions: [...new Set(input.actions)],
        createdBy: actor.id,
        createdAt: now,
        expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
      };
      await tx.insert(grants).values(grant);
      await recordAudit(tx, {
        kind: "grant.created",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind: "grant", id: grant.id, name: `${user.name} → ${agent.name}` },
        ip: actor.ip,
        data: { userId: user.id, assetId: asset.id, actions: grant.actions.join(", ") },
      });
      made.push(grant.id);
    }
    return made;
  });
  changes.announce(actor.orgId, "assets");
  return ids;
}

/**
 * Withdraws a grant. Sessions opened under it have ended by the time this resolves:
 * "revoked" on the screen must mean that nobody is still typing.
 *
 * Revoking twice is not an error; the first revocation stands.
 */
export async function revokeGrant(
  { db, clock, changes, liveWork }: AccessDeps,
  actor: Actor,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  assertMay(actor, "people.manage");
  await db.transaction(async (tx) => {
    const grant = await lockGrant(tx, actor.orgId, id);
    if (grant === null) throw notFound("grant");
    if (grant.revokedAt !== null) return;
    await markRevoked(tx, [id], { id: actor.id, at: clock.now(), reason });
    await recordAudit(tx, {
      kind: "grant.revoked",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "grant", id, name: await nameOf(tx, actor.orgId, grant) },
      ip: actor.ip,
      data: { userId: grant.userId, assetId: grant.assetId, reason },
    });
  });
  // After the commit: a crash here leaves the row revoked, and openers read the grant again after they registered.
  await liveWork.endUnder([id]);
  changes.announce(actor.orgId, "assets");
}

async function nameOf(tx: Transaction, orgId: string, grant: { userId: string; assetId: string }): Promise<string> {
  const [user, [asset]] = await Promise.all([findUserOf(tx, orgId, grant.userId), findAssets(tx, orgId, [grant.assetId])]);
  return `${user?.name ?? grant.userId} → ${asset?.agent.name ?? grant.assetId}`;
}

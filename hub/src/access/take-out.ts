// Takes one person's reach of one asset out of one grant: exactly that, or nothing. Where the grant names people and assets one by one, but several of both, it
// is split: whoever loses something keeps the rest of it in a grant of his own. What it gives to a group, or on a whole node, cannot be taken from one person
// without taking it from others, or giving it anew: an administrator decides about that.
import { and, eq, isNull } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import { groupMembers } from "../identity/schema.ts";
import type { Transaction } from "../platform/database.ts";
import { type FullGrant, findGrant, lockGrant } from "./grants.ts";
import { inputOf, insertGrant, markGrantRevoked } from "./manage-grants.ts";
import { grantSubjects, grants, grantTargets } from "./schema.ts";

/** gone: it gives that no more. impossible: not without touching others' access, or other access of his; nothing was changed. */
export type TakenOut = "revoked" | "narrowed" | "gone" | "impossible";

type Reach = { grantId: string; userId: string; assetId: string };

/**
 * Also out of what was split off the grant since. In the caller's transaction, who has decided that it may be; accessChanged() is to follow its commit.
 */
export async function takeOut(tx: Transaction, actor: Actor, reach: Reach, reason: string, now: Date): Promise<TakenOut> {
  const taken = await takeOutOfOne(tx, actor, reach, reason, now);
  if (taken === "impossible") return taken;
  const all: TakenOut[] = [taken];
  for (const grantId of await splitOff(tx, reach)) all.push(await takeOut(tx, actor, { ...reach, grantId }, reason, now));
  return all.find((one) => one === "impossible") ?? all.find((one) => one !== "gone") ?? "gone";
}

async function splitOff(tx: Transaction, { grantId, userId }: Reach): Promise<string[]> {
  const rows = await tx
    .select({ id: grants.id })
    .from(grants)
    .innerJoin(grantSubjects, and(eq(grantSubjects.grantId, grants.id), eq(grantSubjects.kind, "user")))
    .where(and(eq(grants.splitFrom, grantId), eq(grantSubjects.subjectId, userId), isNull(grants.revokedAt)));
  return rows.map(({ id }) => id);
}

async function takeOutOfOne(tx: Transaction, actor: Actor, reach: Reach, reason: string, now: Date): Promise<TakenOut> {
  const { grantId, userId, assetId } = reach;
  const row = await lockGrant(tx, actor.orgId, grantId);
  if (row === null || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now)) return "gone";
  const subjects = await tx.select().from(grantSubjects).where(eq(grantSubjects.grantId, grantId));
  const targets = await tx.select().from(grantTargets).where(eq(grantTargets.grantId, grantId));
  const isNamed = subjects.some(({ kind, subjectId }) => kind === "user" && subjectId === userId);
  if (await isMeantBesides(tx, actor.orgId, userId, subjects)) return "impossible";
  if (!isNamed) return "gone";
  if (targets.some(({ kind }) => kind !== "asset")) return "impossible";
  if (!targets.some(({ targetId }) => targetId === assetId)) return "gone";
  if (subjects.length === 1 && targets.length === 1) {
    await markGrantRevoked(tx, actor, { id: grantId, reason }, now);
    return "revoked";
  }
  const before = await findGrant(tx, actor.orgId, grantId);
  if (before === null) throw new Error("a grant that is locked is there");
  const isSplit = subjects.length > 1 && targets.length > 1;
  // What a ticket gave ends with the ticket; a part of it would not.
  if (isSplit && row.ticketId !== null) return "impossible";
  if (isSplit) await keepRest(tx, actor, before, reach, now);
  if (isSplit || targets.length === 1)
    await tx
      .delete(grantSubjects)
      .where(and(eq(grantSubjects.grantId, grantId), eq(grantSubjects.kind, "user"), eq(grantSubjects.subjectId, userId)));
  else
    await tx
      .delete(grantTargets)
      .where(and(eq(grantTargets.grantId, grantId), eq(grantTargets.kind, "asset"), eq(grantTargets.targetId, assetId)));
  await tx.update(grants).set({ updatedAt: now }).where(eq(grants.id, grantId));
  const after = await findGrant(tx, actor.orgId, grantId);
  if (after === null) throw new Error("a grant that is locked is there");
  await recordAudit(tx, {
    kind: "grant.changed",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: { kind: "grant", id: grantId, name: row.name },
    ip: actor.ip,
    data: changesOf(inputOf(before), inputOf(after)),
  });
  return "narrowed";
}

/** All that the grant gives him but this one asset, in a grant of his own. What is gone is not given again, nor to somebody who is. */
async function keepRest(tx: Transaction, actor: Actor, grant: FullGrant, { userId, assetId }: Reach, now: Date): Promise<void> {
  const input = inputOf(grant);
  const targets = input.targets.filter(({ id }) => id !== assetId);
  const person = await findMember(tx, actor.orgId, userId);
  if (targets.length === 0 || person === null) return;
  const rest = { ...input, subjects: [{ kind: "user" as const, id: userId }], targets };
  const id = await insertGrant(tx, actor, rest, now, null);
  await tx.update(grants).set({ splitFrom: grant.grant.id }).where(eq(grants.id, id));
  await recordAudit(tx, {
    kind: "grant.split",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: { kind: "grant", id: grant.grant.id, name: grant.grant.name },
    ip: actor.ip,
    data: { into: id, person: person.name, asset: grant.targets.find((target) => target.id === assetId)?.name ?? assetId },
  });
}

/** By a group or by his role. */
async function isMeantBesides(
  tx: Transaction,
  orgId: string,
  userId: string,
  subjects: { kind: string; subjectId: string }[],
): Promise<boolean> {
  const member = await findMember(tx, orgId, userId);
  const in_ = await tx.select({ id: groupMembers.groupId }).from(groupMembers).where(eq(groupMembers.userId, userId));
  const groupIds = new Set(in_.map(({ id }) => id));
  return subjects.some(
    ({ kind, subjectId }) =>
      (kind === "group" && groupIds.has(subjectId)) || (kind === "role" && member !== null && member.role === subjectId),
  );
}

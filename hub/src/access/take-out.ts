// Takes one person's reach of one asset out of one grant: exactly that, or nothing. What a grant gives to a group, or on a whole node, cannot be taken from
// one person without taking it from others, or giving it anew: an administrator decides about that.
import { and, eq } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import { groupMembers } from "../identity/schema.ts";
import type { Transaction } from "../platform/database.ts";
import { findGrant, lockGrant } from "./grants.ts";
import { inputOf, markGrantRevoked } from "./manage-grants.ts";
import { grantSubjects, grants, grantTargets } from "./schema.ts";

/** gone: it gives that no more. impossible: not without touching others' access, or other access of his; nothing was changed. */
export type TakenOut = "revoked" | "narrowed" | "gone" | "impossible";

type Reach = { grantId: string; userId: string; assetId: string };

/** In the caller's transaction, who has decided that it may be; accessChanged() is to follow its commit. */
export async function takeOut(tx: Transaction, actor: Actor, reach: Reach, reason: string, now: Date): Promise<TakenOut> {
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
  if (subjects.length > 1 && targets.length > 1) return "impossible";
  const before = await findGrant(tx, actor.orgId, grantId);
  if (targets.length === 1)
    await tx
      .delete(grantSubjects)
      .where(and(eq(grantSubjects.grantId, grantId), eq(grantSubjects.kind, "user"), eq(grantSubjects.subjectId, userId)));
  else
    await tx
      .delete(grantTargets)
      .where(and(eq(grantTargets.grantId, grantId), eq(grantTargets.kind, "asset"), eq(grantTargets.targetId, assetId)));
  await tx.update(grants).set({ updatedAt: now }).where(eq(grants.id, grantId));
  const after = await findGrant(tx, actor.orgId, grantId);
  if (before === null || after === null) throw new Error("a grant that is locked is there");
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

// Sign-ins: a person lists and ends their own, an administrator anybody's.
import { and, desc, eq, gt } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { subjectOf, withPerson } from "./manage-people.ts";
import { authSessions } from "./schema.ts";

export async function listSignIns(db: Queryable, userId: string, now: Date) {
  return db
    .select()
    .from(authSessions)
    .where(and(eq(authSessions.userId, userId), gt(authSessions.expiresAt, now)))
    .orderBy(desc(authSessions.updatedAt))
    .limit(100);
}

export async function endSignIn({ db }: IdentityDeps, actor: Actor, sessionId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const ended = await tx
      .delete(authSessions)
      .where(and(eq(authSessions.id, sessionId), eq(authSessions.userId, actor.id)))
      .returning({ id: authSessions.id });
    if (ended.length === 0) throw notFound("sign-in");
    const own = actor.via.kind === "session" && actor.via.sessionId === sessionId;
    const entry = {
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "person" as const, id: actor.id, name: actor.name },
      ip: actor.ip,
    };
    await recordAudit(
      tx,
      own ? { ...entry, kind: "person.signed-out", data: {} } : { ...entry, kind: "person.session-ended", data: { sessionId } },
    );
  });
}

/** Ends another person's sign-in. Terminals it opened go on: end the person's work, or disable the person, for those. @throws HubError `not-found`. */
export async function endSignInOf(
  { db }: IdentityDeps,
  actor: Actor,
  { id, sessionId }: { id: string; sessionId: string },
): Promise<void> {
  await withPerson(db, actor, id, async (tx, user) => {
    const ended = await tx
      .delete(authSessions)
      .where(and(eq(authSessions.id, sessionId), eq(authSessions.userId, user.id)))
      .returning({ id: authSessions.id });
    if (ended.length === 0) throw notFound("sign-in");
    await recordAudit(tx, {
      kind: "person.session-ended",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: { sessionId },
    });
  });
}

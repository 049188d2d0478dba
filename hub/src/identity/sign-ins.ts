// A person's own sign-ins: list and end them.
import { and, desc, eq, gt } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
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

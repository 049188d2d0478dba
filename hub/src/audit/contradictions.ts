// What this hub has signed and its database does not hold: somebody went back behind a checkpoint, or wrote another history.
import { and, desc, eq, isNull, or } from "drizzle-orm";
import type { Clock } from "../platform/clock.ts";
import type { Database, Queryable } from "../platform/database.ts";
import { gathered } from "../platform/gathered.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { AuditActor, AuditSubject } from "./events.ts";
import { recordAudit } from "./record-audit.ts";
import { auditContradictions, auditEvents } from "./schema.ts";

export type ContradictionRow = typeof auditContradictions.$inferSelect;

/** Shown at once; the rest are counted. */
const shownMax = 20;

/** The hash that the database holds at a place of a chain, null for none. Ten thousand agents that come back ask it in some hundred statements. */
export function hashesAt(db: Database): (place: { org: string; seq: number }) => Promise<string | null> {
  return gathered(async (places) => {
    const rows = await db
      .select({ org: auditEvents.orgId, seq: auditEvents.seq, hash: auditEvents.hash })
      .from(auditEvents)
      .where(or(...places.map(({ org, seq }) => and(eq(auditEvents.orgId, org), eq(auditEvents.seq, seq)))));
    const found = new Map(rows.map(({ org, seq, hash }) => [`${org} ${seq}`, hash]));
    return places.map(({ org, seq }) => found.get(`${org} ${seq}`) ?? null);
  });
}

/**
 * Puts a contradiction on record, once for each checkpoint.
 *
 * @param checkpoint its signature has been checked: nobody else can raise an alarm.
 * @param holds the hash that the database has there instead, null for none.
 * @returns whether it was news.
 */
export async function noteContradiction(
  { db, clock }: { db: Database; clock: Clock },
  checkpoint: Checkpoint,
  holds: string | null,
  shown: { by: string; subject: AuditSubject; ip: string | null },
): Promise<boolean> {
  const why = holds === null ? ("missing" as const) : ("other" as const);
  const { org, seq, hash, at, signature } = checkpoint;
  return db.transaction(async (tx) => {
    const [noted] = await tx
      .insert(auditContradictions)
      .values({ orgId: org, seq, hash, signedAt: new Date(at), signature, why, shownBy: shown.by, foundAt: clock.now() })
      .onConflictDoNothing()
      .returning({ seq: auditContradictions.seq });
    if (noted === undefined) return false;
    await recordAudit(tx, {
      kind: "audit.contradicted",
      orgId: org,
      actor: null,
      subject: shown.subject,
      ip: shown.ip,
      data: { seq, hash, signedAt: at, why },
    });
    return true;
  });
}

/** Those that nobody has acknowledged, highest first: at most 20. */
export async function openContradictions(db: Queryable, orgId: string): Promise<ContradictionRow[]> {
  return db
    .select()
    .from(auditContradictions)
    .where(and(eq(auditContradictions.orgId, orgId), isNull(auditContradictions.acknowledgedAt)))
    .orderBy(desc(auditContradictions.seq))
    .limit(shownMax);
}

/**
 * Somebody knows why: a backup was put back on purpose. The rows and the events stay; what is shown later is news again.
 * Without open ones nothing happens and nothing is recorded.
 */
export async function acknowledgeContradictions(
  { db, clock }: { db: Database; clock: Clock },
  orgId: string,
  by: { actor: AuditActor; ip: string | null; reason: string },
): Promise<number> {
  return db.transaction(async (tx) => {
    const acknowledged = await tx
      .update(auditContradictions)
      .set({ acknowledgedAt: clock.now(), acknowledgedBy: by.actor.id })
      .where(and(eq(auditContradictions.orgId, orgId), isNull(auditContradictions.acknowledgedAt)))
      .returning({ seq: auditContradictions.seq });
    if (acknowledged.length === 0) return 0;
    await recordAudit(tx, {
      kind: "audit.contradiction-acknowledged",
      orgId,
      actor: by.actor,
      subject: null,
      ip: by.ip,
      data: { checkpoints: acknowledged.length, highestSeq: Math.max(...acknowledged.map(({ seq }) => seq)), reason: by.reason },
    });
    return acknowledged.length;
  });
}

// Writes one event, in the caller's transaction: what happened and the record of it commit together or not at all.

import { newId } from "@sallyport/protocol/ids";
import { desc, eq, sql } from "drizzle-orm";
import type { Transaction } from "../platform/database.ts";
import { genesis, hashEvent } from "./chain.ts";
import type { AuditEntry } from "./events.ts";
import { auditEvents } from "./schema.ts";

export async function recordAudit(tx: Transaction, entry: AuditEntry, now = new Date()): Promise<void> {
  // One writer at a time per organisation, until the transaction ends: the chain has no branches. Both questions are on their way at once; the
  // second is answered after the first, which waits for the lock.
  const [, [last]] = await Promise.all([
    tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('audit:' || ${entry.orgId}, 0))`),
    tx
      .select({ seq: auditEvents.seq, hash: auditEvents.hash })
      .from(auditEvents)
      .where(eq(auditEvents.orgId, entry.orgId))
      .orderBy(desc(auditEvents.seq))
      .limit(1),
  ]);
  const event = {
    id: newId("evt", now.getTime()),
    orgId: entry.orgId,
    seq: (last?.seq ?? 0) + 1,
    at: now,
    kind: entry.kind,
    actorId: entry.actor?.id ?? null,
    actorName: entry.actor?.name ?? null,
    subjectKind: entry.subject?.kind ?? null,
    subjectId: entry.subject?.id ?? null,
    subjectName: entry.subject?.name ?? null,
    data: { ...entry.data },
    ip: entry.ip,
  };
  await tx.insert(auditEvents).values({ ...event, hash: hashEvent(last?.hash ?? genesis, event) });
}

// The hash chain over audit events. Pure: what is hashed, in which order.
import { hash } from "node:crypto";
import type { AuditData, AuditRow } from "./schema.ts";

/** Hash before the first event of an organisation. */
export const genesis = "0".repeat(64);

type Hashed = Omit<AuditRow, "hash">;

/** Keys sorted at every level, so that a database which reorders JSON changes nothing. */
const canonical = (data: AuditData): [string, unknown][] => Object.entries(data).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

export function hashEvent(previous: string, event: Hashed): string {
  const text = JSON.stringify([
    event.id,
    event.orgId,
    event.seq,
    event.at.toISOString(),
    event.kind,
    event.actorId,
    event.actorName,
    event.subjectKind,
    event.subjectId,
    event.subjectName,
    canonical(event.data),
    event.ip,
  ]);
  return hash("sha256", previous + text, "hex");
}

/** Checks a run of events; returns the sequence number where the chain breaks, or null. */
export function findBreak(previous: { seq: number; hash: string }, events: AuditRow[]): number | null {
  let { seq, hash: before } = previous;
  for (const event of events) {
    if (event.seq !== seq + 1 || event.hash !== hashEvent(before, event)) return seq + 1;
    ({ seq, hash: before } = event);
  }
  return null;
}

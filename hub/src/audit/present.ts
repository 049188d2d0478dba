// Audit rows as the console sees them.
import type { ContradictionRow } from "./contradictions.ts";
import type { AuditRow } from "./schema.ts";

export const presentAuditEvent = (row: AuditRow) => ({
  seq: row.seq,
  id: row.id,
  at: row.at.toISOString(),
  kind: row.kind,
  actor: row.actorId === null ? null : { id: row.actorId, name: row.actorName ?? row.actorId },
  subject:
    row.subjectKind === null || row.subjectId === null
      ? null
      : { kind: row.subjectKind, id: row.subjectId, name: row.subjectName ?? row.subjectId },
  data: row.data,
  ip: row.ip,
  hash: row.hash,
});

export const presentContradiction = ({ seq, hash, signedAt, why, shownBy, foundAt }: ContradictionRow) => ({
  seq,
  hash,
  signedAt: signedAt.toISOString(),
  why,
  shownBy,
  foundAt: foundAt.toISOString(),
});

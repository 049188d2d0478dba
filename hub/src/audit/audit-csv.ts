// Audit events as CSV.
import { byteOrderMark, csvLine } from "../csv/write-csv.ts";
import type { AuditRow } from "./schema.ts";

const columns = ["seq", "at", "kind", "actor_id", "actor", "subject_kind", "subject_id", "subject", "address", "data", "hash"];

export const csvHead = byteOrderMark + csvLine(columns);

/** One line, with its end. */
export function csvOf(row: AuditRow): string {
  const { seq, at, kind, actorId, actorName, subjectKind, subjectId, subjectName, ip, data, hash } = row;
  const subject = [subjectKind, subjectId, subjectName];
  return csvLine([seq, at.toISOString(), kind, actorId, actorName, ...subject, ip, JSON.stringify(data), hash]);
}

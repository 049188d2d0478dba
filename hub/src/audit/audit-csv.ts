// Audit events as CSV (RFC 4180), for spreadsheets: which run what looks like a formula, wherever it came from.
import type { AuditRow } from "./schema.ts";

const columns = ["seq", "at", "kind", "actor_id", "actor", "subject_kind", "subject_id", "subject", "address", "data", "hash"];

/** With a byte order mark, without which spreadsheets take UTF-8 for something else. */
export const csvHead = `\ufeff${columns.join(",")}\r\n`;

/** One line, with its end. */
export function csvOf(row: AuditRow): string {
  const { seq, at, kind, actorId, actorName, subjectKind, subjectId, subjectName, ip, data, hash } = row;
  const cells = [
    seq,
    at.toISOString(),
    kind,
    actorId,
    actorName,
    subjectKind,
    subjectId,
    subjectName,
    ip,
    JSON.stringify(data),
    hash,
  ];
  return `${cells.map(cellOf).join(",")}\r\n`;
}

/**
 * A leading =, +, -, @, tab or line's end would make it a formula; an apostrophe before it makes it text. Fullwidth forms count too, which
 * some spreadsheets read as the plain ones.
 */
function cellOf(value: string | number | null): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

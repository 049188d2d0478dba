// How an event leaves the hub: a JSON line, and a syslog message that carries it. Pure. JSON escapes every control character, so that
// no name or reason can begin a line or a message of its own.
import os from "node:os";
import { presentAuditEvent } from "./present.ts";
import type { AuditRow } from "./schema.ts";

/** Without its line's end. */
export const jsonOf = (row: AuditRow): string => JSON.stringify({ org: row.orgId, ...presentAuditEvent(row) });

/** Facility 13, "log audit" (RFC 5424 §6.2.1). */
const facility = 13;
const severities = { warning: 4, informational: 6 };
/** MSGID is at most 32 printable ASCII characters (RFC 5424 §6). */
const messageIdMax = 32;
/** Beyond this, a datagram is cut by some network on the way, and receivers refuse (RFC 5424 §6.1 asks for 2 KiB). */
const messageBytesMax = 8_192;

/** What somebody was denied, and what speaks against the log itself, is a warning. */
const isWarning = (kind: string): boolean => /refused|failed|locked|duplicate|contradicted/.test(kind);

/** RFC 5424: the event's own time, the hub as the process, the kind as MSGID and the event as JSON. An event too large for it goes without its data. */
export function syslogOf(row: AuditRow, hubId: string): Buffer {
  const priority = facility * 8 + severities[isWarning(row.kind) ? "warning" : "informational"];
  const host =
    os
      .hostname()
      .replaceAll(/[^\x21-\x7e]/g, "")
      .slice(0, 255) || "-";
  const head = `<${priority}>1 ${row.at.toISOString()} ${host} sallyport ${hubId} ${row.kind.slice(0, messageIdMax)} - `;
  const whole = Buffer.from(`${head}\ufeff${jsonOf(row)}`);
  if (whole.length <= messageBytesMax) return whole;
  const { data: _data, ...rest } = presentAuditEvent(row);
  return Buffer.from(`${head}\ufeff${JSON.stringify({ org: row.orgId, ...rest, cut: true })}`);
}

// Audit: rows that are only ever added.
import { bigint, index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { moment, orgId } from "../platform/columns.ts";

export const auditEvents = pgTable(
  "audit_events",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    /** 1, 2, 3 … within the organisation, without holes: a missing number is a deleted event. */
    seq: bigint("seq", { mode: "number" }).notNull(),
    at: moment("at").notNull(),
    kind: text("kind").notNull(),
    actorId: text("actor_id"),
    actorName: text("actor_name"),
    subjectKind: text("subject_kind"),
    subjectId: text("subject_id"),
    subjectName: text("subject_name"),
    data: jsonb("data").$type<AuditData>().notNull(),
    ip: text("ip"),
    /** SHA-256 over the previous event's hash and this event's canonical text, hex. */
    hash: text("hash").notNull(),
  },
  (table) => [
    uniqueIndex("audit_events_org_seq").on(table.orgId, table.seq),
    index("audit_events_org_kind").on(table.orgId, table.kind, table.seq),
    index("audit_events_subject").on(table.subjectId),
    index("audit_events_actor").on(table.actorId),
  ],
);

export type AuditData = Record<string, string | number | boolean | null>;
export type AuditRow = typeof auditEvents.$inferSelect;

// Audit: rows that are only ever added.
import { sql } from "drizzle-orm";
import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { moment, orgId } from "../platform/columns.ts";

/** What free text is looked for in. A migration makes a trigram index over exactly this, where the server allows the extension. */
export const searchedText = sql`(coalesce(actor_name, '') || ' ' || coalesce(subject_name, '') || ' ' || kind || ' ' || coalesce(subject_id, ''))`;

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
    // Each ends with seq, so that a filtered page is read from its end and nothing is sorted.
    index("audit_events_org_subject").on(table.orgId, table.subjectId, table.seq),
    index("audit_events_org_actor").on(table.orgId, table.actorId, table.seq),
    index("audit_events_org_asset").on(table.orgId, sql`(${table.data} ->> 'assetId')`, table.seq),
    index("audit_events_org_ip").on(table.orgId, table.ip, table.seq),
    index("audit_events_org_at").on(table.orgId, table.at, table.seq),
  ],
);

export type AuditData = Record<string, string | number | boolean | null>;
export type AuditRow = typeof auditEvents.$inferSelect;

/**
 * What the hub has signed: up to `seq` the chain of this organisation was `hash`. The same line stands in the data folder's `audit/checkpoints`,
 * and newer ones with the agents, so that neither a rewritten chain nor an older database passes for the true one.
 */
export const auditCheckpoints = pgTable(
  "audit_checkpoints",
  {
    orgId: orgId(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    /** `audit_events.hash` of that event, hex. */
    hash: text("hash").notNull(),
    at: moment("at").notNull(),
    hubId: text("hub_id").notNull(),
    /** Which key signed: the first 16 hex digits of the SHA-256 of its SPKI. */
    keyId: text("key_id").notNull(),
    /** Ed25519, 64 bytes, base64. */
    signature: text("signature").notNull(),
  },
  (table) => [primaryKey({ name: "audit_checkpoints_pk", columns: [table.orgId, table.seq] })],
);

/**
 * A checkpoint that this hub has signed, that an agent or the data folder has kept, and that the database contradicts: the chain ends before it, or has another
 * event there. One row a checkpoint, whoever shows it; open until somebody says that he knows.
 */
export const auditContradictions = pgTable(
  "audit_contradictions",
  {
    orgId: orgId(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    /** As the agent has it, hex. */
    hash: text("hash").notNull(),
    /** When the hub signed it. */
    signedAt: moment("signed_at").notNull(),
    signature: text("signature").notNull(),
    /** `missing`: the chain ends before it. `other`: another event is there. */
    why: text("why").$type<"missing" | "other">().notNull(),
    /** The first that showed it: an agent's id, or `file` for the data folder's own. */
    shownBy: text("shown_by").notNull(),
    foundAt: moment("found_at").notNull(),
    acknowledgedAt: moment("acknowledged_at"),
    acknowledgedBy: text("acknowledged_by"),
  },
  (table) => [primaryKey({ name: "audit_contradictions_pk", columns: [table.orgId, table.seq, table.hash] })],
);

/** How far a file or a receiver outside has taken an organisation's events: what is beyond waits in `audit_events` itself. */
export const auditExportCursors = pgTable(
  "audit_export_cursors",
  {
    /** `file:/path`, `tcp://host:port`, … */
    target: text("target").notNull(),
    orgId: orgId(),
    seq: bigint("seq", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ name: "audit_export_cursors_pk", columns: [table.target, table.orgId] })],
);

// Access: who may do what on which asset, as whom, by which protocol and when. A grant is a sentence; subjects and targets are its ends.
import { boolean, index, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment, orgId } from "../platform/columns.ts";
import type { Action, Hours } from "./input.ts";

export const grants = pgTable(
  "grants",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    /** User names on the asset, or `@all`, `@same-name`, `@ask`, `@agent`: see account-choice.ts. */
    accounts: text("accounts").array().notNull(),
    /** Protocol names, or `@all`. */
    protocols: text("protocols").array().notNull(),
    actions: text("actions").array().$type<Action[]>().notNull(),
    startsAt: moment("starts_at"),
    expiresAt: moment("expires_at"),
    /** Hours of the week in which it holds; null: always. */
    hours: jsonb("hours").$type<Hours>(),
    /** Networks a person must come from, `192.0.2.0/24`; empty: anywhere. */
    addresses: text("addresses").array().notNull(),
    active: boolean("active").notNull().default(true),
    comment: text("comment").notNull().default(""),
    createdBy: text("created_by").notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    revokedAt: moment("revoked_at"),
    revokedBy: text("revoked_by"),
    revokeReason: text("revoke_reason"),
    /** The ticket whose approval gave it; it ends with that. */
    ticketId: text("ticket_id"),
    /** What alone it lets somebody run, as boundOf() says it; null: whatever its actions say. */
    bound: text("bound"),
    /** The grant that its one person had this by, together with others, until something of it was taken from him alone. */
    splitFrom: text("split_from"),
    /** Somebody took it in an emergency: what is done under it is marked so. */
    emergency: boolean("emergency").notNull().default(false),
  },
  (table) => [index("grants_org").on(table.orgId, table.name)],
);

export type SubjectKind = "user" | "group" | "role";

export const grantSubjects = pgTable(
  "grant_subjects",
  {
    grantId: text("grant_id")
      .notNull()
      .references(() => grants.id, { onDelete: "cascade" }),
    kind: text("kind").$type<SubjectKind>().notNull(),
    subjectId: text("subject_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.grantId, table.kind, table.subjectId] }),
    index("grant_subjects_subject").on(table.kind, table.subjectId),
  ],
);

export type TargetKind = "asset" | "node" | "label" | "all";

export const grantTargets = pgTable(
  "grant_targets",
  {
    grantId: text("grant_id")
      .notNull()
      .references(() => grants.id, { onDelete: "cascade" }),
    kind: text("kind").$type<TargetKind>().notNull(),
    /** Of an asset or a node its id, of a label `key:value`, of all assets the empty text. */
    targetId: text("target_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.grantId, table.kind, table.targetId] }),
    index("grant_targets_target").on(table.kind, table.targetId),
  ],
);

export type GrantRow = typeof grants.$inferSelect;

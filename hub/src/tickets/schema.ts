// Tickets: what people ask for, who decides, and what became of it. What an approval gives is a grant (access), tied to its ticket.
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { KeptApproval } from "../automation/input.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { ErrorCode, Facts } from "../platform/errors.ts";
import type { Asked, AutoApproval, Decision, FlowMatch, Level, TicketKind, TicketOrigin } from "./input.ts";
import type { TicketState } from "./ticket-state.ts";

export type NotBegun = { code: ErrorCode; facts: Facts };

export const ticketFlows = pgTable(
  "ticket_flows",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    active: boolean("active").notNull(),
    /** The first that a request matches has it; from 0. */
    position: integer("position").notNull(),
    match: jsonb("match").$type<FlowMatch>().notNull(),
    levels: jsonb("levels").$type<Level[]>().notNull(),
    /** What needs nobody; null: everything needs somebody. */
    auto: jsonb("auto").$type<AutoApproval>(),
    /** Whoever decided one level may decide a later one as well. */
    mayRepeat: boolean("may_repeat").notNull().default(false),
    /** Whoever wrote it last: it approves nothing of his by itself. */
    changedBy: text("changed_by")
      .notNull()
      .references(() => users.id),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [index("ticket_flows_org").on(table.orgId, table.position)],
);

export const tickets = pgTable(
  "tickets",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    kind: text("kind").$type<TicketKind>().notNull(),
    title: text("title").notNull(),
    reason: text("reason").notNull(),
    /** Where the reason is written elsewhere: numbers and addresses of other systems. */
    references: jsonb("refs").$type<string[]>().notNull(),
    state: text("state").$type<TicketState>().notNull(),
    requesterId: text("requester_id")
      .notNull()
      .references(() => users.id),
    asked: jsonb("asked").$type<Asked>().notNull(),
    /** As the approvers have narrowed it so far; null: as asked. */
    narrowed: jsonb("narrowed").$type<Asked>(),
    flowId: text("flow_id"),
    /** The flow's levels as they were when it was submitted: a later change of the flow changes nothing here. */
    levels: jsonb("levels").$type<Level[]>().notNull().default([]),
    /** As the flow had it then. */
    mayRepeat: boolean("may_repeat").notNull().default(false),
    /** The level that it waits for, from 0. */
    level: integer("level").notNull().default(0),
    levelSince: moment("level_since"),
    /** Since when those to whom the level escalates may decide as well. */
    escalatedAt: moment("escalated_at"),
    grantId: text("grant_id"),
    /** Of a script: what agents check; see automation/approval.ts. */
    approval: jsonb("approval").$type<KeptApproval>(),
    /** When the hub itself began what was to begin by itself, or found that it could not. */
    begunAt: moment("begun_at"),
    /** Why it could not: a code of platform/errors.ts, and what its sentence is filled with. */
    notBegun: jsonb("not_begun").$type<NotBegun>(),
    origin: text("origin").$type<TicketOrigin>().notNull().default("asked"),
    /** The access key of the other system that asked for it or gave it; null: a person did. */
    keyId: text("key_id"),
    /** The ticket whose access this one makes last longer. */
    extendsId: text("extends_id"),
    /** When what it gave ends. */
    endsAt: moment("ends_at"),
    /** Of an emergency: who has looked at it afterwards, when, and what he found. Null: nobody has yet. */
    reviewedBy: text("reviewed_by").references(() => users.id),
    reviewedAt: moment("reviewed_at"),
    findings: text("findings"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    submittedAt: moment("submitted_at"),
    decidedAt: moment("decided_at"),
    endedAt: moment("ended_at"),
  },
  (table) => [
    index("tickets_requester").on(table.requesterId, table.createdAt),
    index("tickets_org_created").on(table.orgId, table.createdAt),
    // How much a key has asked for lately.
    index("tickets_key").on(table.keyId, table.createdAt).where(sql`${table.keyId} is not null`),
    index("tickets_to_review").on(table.orgId).where(sql`${table.origin} = 'emergency' and ${table.reviewedAt} is null`),
    // Of a table that only grows, those that something may still become of.
    index("tickets_open").on(table.orgId).where(sql`${table.state} in ('pending', 'approved')`),
  ],
);

export const ticketDecisions = pgTable(
  "ticket_decisions",
  {
    ticketId: text("ticket_id")
      .notNull()
      .references(() => tickets.id),
    level: integer("level").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** For whom it counts: himself where he was meant, and whom he stands in for. */
    counts: text("counts_for").array().notNull(),
    decision: text("decision").$type<Decision>().notNull(),
    comment: text("comment").notNull(),
    at: moment("at").notNull(),
  },
  // One vote a level for each human, whatever he stands for: four eyes are two people's.
  (table) => [primaryKey({ columns: [table.ticketId, table.level, table.userId] })],
);

export const ticketComments = pgTable(
  "ticket_comments",
  {
    id: text("id").primaryKey(),
    ticketId: text("ticket_id")
      .notNull()
      .references(() => tickets.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    text: text("text").notNull(),
    at: moment("at").notNull(),
  },
  (table) => [index("ticket_comments_ticket").on(table.ticketId, table.at)],
);

/** Who decides in somebody's place while he is away. */
export const substitutes = pgTable("substitutes", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id),
  orgId: orgId(),
  substituteId: text("substitute_id")
    .notNull()
    .references(() => users.id),
  from: moment("from").notNull(),
  until: moment("until").notNull(),
});

/** What an organisation allows where the glass is broken; without a row: see break-glass.ts. */
export const breakGlassRules = pgTable("break_glass_rules", {
  orgId: orgId().primaryKey(),
  minutesMax: integer("minutes_max").notNull(),
});

export type FlowRow = typeof ticketFlows.$inferSelect;
export type TicketRow = typeof tickets.$inferSelect;
export type DecisionRow = typeof ticketDecisions.$inferSelect;

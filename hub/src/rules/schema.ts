// Rules: what holds up what a grant allows. Of those of one kind the first that covers what somebody does says what becomes of it.
import { boolean, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { z } from "zod";
import type { Hours, subject, target } from "../access/input.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { Level } from "../tickets/input.ts";
import type { Outcome, Pattern, RuleKind } from "./input.ts";

export const rules = pgTable(
  "rules",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    kind: text("kind").$type<RuleKind>().notNull(),
    name: text("name").notNull(),
    active: boolean("active").notNull(),
    /** In the order of these they are asked, from 0. */
    position: integer("position").notNull(),
    /** Empty: everybody. */
    subjects: jsonb("subjects").$type<z.infer<typeof subject>[]>().notNull(),
    targets: jsonb("targets").$type<z.infer<typeof target>[]>().notNull(),
    accounts: text("accounts").array().notNull(),
    protocols: text("protocols").array().notNull(),
    addresses: text("addresses").array().notNull(),
    hours: jsonb("hours").$type<Hours>(),
    patterns: jsonb("patterns").$type<Pattern[]>().notNull(),
    outcome: text("outcome").$type<Outcome>().notNull(),
    level: jsonb("level").$type<Level>(),
    /** How long an approval lets the same person through. */
    minutes: integer("minutes").notNull(),
    says: text("says").notNull(),
    changedBy: text("changed_by")
      .notNull()
      .references(() => users.id),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [index("rules_org").on(table.orgId, table.kind, table.position)],
);

export type RuleRow = typeof rules.$inferSelect;

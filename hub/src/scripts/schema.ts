// Scripts: what people keep to run again, in versions that never change.
import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { Parameter, Visibility } from "./input.ts";

/** Which programs scripts are given to. Of no organisation: there in all of them. */
export const interpreters = pgTable(
  "interpreters",
  {
    id: text("id").primaryKey(),
    orgId: text("org_id"),
    /** Name of the program on the host, looked for in its search path. */
    program: text("program").notNull(),
    label: text("label").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [uniqueIndex("interpreters_program").on(sql`coalesce(${table.orgId}, '')`, table.program)],
);

export const scripts = pgTable(
  "scripts",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    visibility: text("visibility").$type<Visibility>().notNull(),
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    /** Number of the newest version. */
    latest: integer("latest").notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    /** Hidden from lists and from new tasks; what was run with it stays readable. */
    archivedAt: moment("archived_at"),
  },
  (table) => [index("scripts_org_name").on(table.orgId, table.name, table.id)],
);

/** Never changed, never deleted while its script is there. */
export const scriptVersions = pgTable(
  "script_versions",
  {
    scriptId: text("script_id")
      .notNull()
      .references(() => scripts.id, { onDelete: "cascade" }),
    /** 1, 2, … */
    number: integer("number").notNull(),
    interpreter: text("interpreter").notNull(),
    body: text("body").notNull(),
    /** SHA-256 of the body's bytes, hex. */
    hash: text("hash").notNull(),
    parameters: jsonb("parameters").$type<Parameter[]>().notNull(),
    note: text("note").notNull().default(""),
    authorId: text("author_id")
      .notNull()
      .references(() => users.id),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.scriptId, table.number] })],
);

export type InterpreterRow = typeof interpreters.$inferSelect;
export type ScriptRow = typeof scripts.$inferSelect;
export type ScriptVersionRow = typeof scriptVersions.$inferSelect;

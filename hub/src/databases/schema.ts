// Accounts that requests give on database servers. The grant of a request says how long it holds; what is wanted of an account is what all of its
// grants that hold now give together. So nothing has to be undone when one ends: the next look finds that less is wanted.
import { isNull, sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { grants } from "../access/schema.ts";
import { accounts, assets } from "../assets/schema.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { Level } from "./account-names.ts";
import type { Place } from "./input.ts";

/** One for each person, server and level. A row is also the work on it: looked at when `dueAt` is over, and when what is wanted is not what was seen. */
export const databaseAccounts = pgTable(
  "database_accounts",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    level: text("level").$type<Level>().notNull(),
    username: text("username").notNull(),
    /** Where its secret is: an account of the asset, made before the server hears of it. */
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    /** Since when the server may have it. Before that an account of this name is somebody else's. */
    begunAt: moment("begun_at"),
    /** Since when the server has it for certain, and it is ours. */
    madeAt: moment("made_at"),
    /** The version of the secret that the server knows. */
    secretVersion: integer("secret_version"),
    /** What it was last seen to have, each as `places.ts` writes it. */
    applied: text("applied").array().notNull().default(sql`'{}'`),
    /** Places that were given and are not there: gone since they were asked for. */
    missing: jsonb("missing").$type<Place[]>().notNull().default([]),
    /** The grants that held when it was last looked at. */
    seen: text("seen").array(),
    attempts: integer("attempts").notNull().default(0),
    dueAt: moment("due_at").notNull(),
    /** Why the last look did not come to its end: a code of platform/errors.ts, or `failed`. */
    failure: text("failure"),
    createdAt: moment("created_at").notNull(),
    lookedAt: moment("looked_at"),
    /** It is on the server no longer, and nothing wants it there. */
    endedAt: moment("ended_at"),
  },
  (table) => [
    uniqueIndex("database_accounts_once").on(table.assetId, table.userId, table.level).where(isNull(table.endedAt)),
    uniqueIndex("database_accounts_name").on(table.assetId, table.username).where(isNull(table.endedAt)),
    index("database_accounts_open").on(table.dueAt).where(isNull(table.endedAt)),
  ],
);

/** What each grant gives on one. */
export const databaseWants = pgTable(
  "database_wants",
  {
    grantId: text("grant_id")
      .primaryKey()
      .references(() => grants.id),
    databaseAccountId: text("database_account_id")
      .notNull()
      .references(() => databaseAccounts.id),
    places: jsonb("places").$type<Place[]>().notNull(),
  },
  (table) => [index("database_wants_account").on(table.databaseAccountId)],
);

/** Of an organisation; without a row it is as account-names.ts has it. */
export const databaseSettings = pgTable("database_settings", {
  orgId: text("org_id").primaryKey(),
  /** See account-names.ts. */
  namePattern: text("name_pattern").notNull(),
});

export type DatabaseAccountRow = typeof databaseAccounts.$inferSelect;

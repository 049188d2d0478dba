// Custody: whether the accounts' secrets work, and putting them on their assets and changing them there. Who may open what is for access.
//
// Work that waits or runs; a row is the work, so that none is lost with the process. Every kind may be done twice.
//
//   waiting ──taken──► running ──► done
//      ▲                  ├──────► failed
//      └── after a pause ─┘        rotations try again; a start of the hub puts back what ran
import { isNull } from "drizzle-orm";
import { index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { accounts, assets } from "../assets/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { OutcomeCode } from "./outcome.ts";

export const taskKinds = ["verify", "push", "rotate"] as const;
export type TaskKind = (typeof taskKinds)[number];
export type TaskState = "waiting" | "running" | "done" | "failed";

export const accountTasks = pgTable(
  "account_tasks",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    kind: text("kind").$type<TaskKind>().notNull(),
    state: text("state").$type<TaskState>().notNull(),
    /** Who asked for it; null for the schedule. */
    byId: text("by_id"),
    byName: text("by_name"),
    byAddress: text("by_address"),
    attempts: integer("attempts").notNull().default(0),
    createdAt: moment("created_at").notNull(),
    dueAt: moment("due_at").notNull(),
    endedAt: moment("ended_at"),
    /** How the last attempt ended. */
    code: text("code").$type<OutcomeCode>(),
    /** Name of the agent that tried last. */
    agent: text("agent"),
  },
  (table) => [
    index("account_tasks_due").on(table.state, table.dueAt),
    index("account_tasks_account").on(table.accountId, table.createdAt),
    index("account_tasks_asset").on(table.assetId),
    // Asked for twice it is done once.
    uniqueIndex("account_tasks_once").on(table.accountId, table.kind).where(isNull(table.endedAt)),
  ],
);

export type TaskRow = typeof accountTasks.$inferSelect;

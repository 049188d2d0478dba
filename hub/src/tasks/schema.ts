// Tasks: a script bound to targets and to a time.
import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { FileToPlace, Rolling } from "../automation/input.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { ParameterValues } from "../scripts/input.ts";
import { scripts } from "../scripts/schema.ts";
import type { FireOutcome, Misfire, Overlap, Schedule, Targets, TaskState } from "./input.ts";

export const tasks = pgTable(
  "tasks",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    scriptId: text("script_id")
      .notNull()
      .references(() => scripts.id),
    /** Null: the newest at each run. */
    scriptVersion: integer("script_version"),
    parameters: jsonb("parameters").$type<ParameterValues>().notNull(),
    /** Placed on each target before the script begins. */
    files: jsonb("files").$type<FileToPlace[]>().notNull().default([]),
    /** Collected from each target when the script has ended. */
    artefacts: jsonb("artefacts").$type<string[]>().notNull().default([]),
    targets: jsonb("targets").$type<Targets>().notNull(),
    /** As whom on neighbours. */
    account: text("account").notNull(),
    rolling: jsonb("rolling").$type<Rolling>(),
    timeoutSeconds: integer("timeout_seconds").notNull(),
    expirySeconds: integer("expiry_seconds").notNull(),
    /** Null: when somebody says so. */
    schedule: jsonb("schedule").$type<Schedule>(),
    misfire: text("misfire").$type<Misfire>().notNull(),
    overlap: text("overlap").$type<Overlap>().notNull(),
    state: text("state").$type<TaskState>().notNull(),
    /** In whose name it runs: his grants are asked at each run. */
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    /** When it is due; null when nothing is to come. */
    nextFireAt: moment("next_fire_at"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    archivedAt: moment("archived_at"),
  },
  (table) => [
    index("tasks_org_name").on(table.orgId, table.name, table.id),
    index("tasks_script").on(table.scriptId),
    index("tasks_due").on(table.nextFireAt).where(sql`${table.state} = 'active' and ${table.nextFireAt} is not null`),
  ],
);

/** What became of each moment a task was due. */
export const taskFires = pgTable(
  "task_fires",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    dueAt: moment("due_at").notNull(),
    decidedAt: moment("decided_at").notNull(),
    outcome: text("outcome").$type<FireOutcome>().notNull(),
    /** Of `started`. */
    runId: text("run_id"),
    /** Of the others: why, as a code of docs/errors.md or one of `missed`, `overlap`, `paused`. */
    reason: text("reason").notNull().default(""),
    /** Missed after this one without a row of their own; at least so many. */
    more: integer("more").notNull().default(0),
  },
  (table) => [
    // Two hubs on one database cannot fire one moment twice.
    uniqueIndex("task_fires_once").on(table.taskId, table.dueAt),
    index("task_fires_waiting").on(table.taskId).where(sql`${table.outcome} = 'queued'`),
  ],
);

/** Days on which schedules that name them do not fire. */
export const calendars = pgTable(
  "calendars",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    /** `2026-12-25`, in the zone of the schedule that asks. */
    days: jsonb("days").$type<string[]>().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [uniqueIndex("calendars_name").on(table.orgId, table.name)],
);

/** Targets that several tasks mean by one name. */
export const targetSets = pgTable(
  "target_sets",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    targets: jsonb("targets").$type<Targets>().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [uniqueIndex("target_sets_name").on(table.orgId, table.name)],
);

export type TaskRow = typeof tasks.$inferSelect;
export type FireRow = typeof taskFires.$inferSelect;
export type CalendarRow = typeof calendars.$inferSelect;
export type TargetSetRow = typeof targetSets.$inferSelect;

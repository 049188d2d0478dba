// Automation: runs and their executions. The row is the queue; what travels over MQTT only says "look".
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { assets } from "../assets/schema.ts";
import { agents } from "../fleet/schema.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { ExecutionReason, ExecutionState } from "./execution-state.ts";
import type { Interpreter } from "./input.ts";
import type { RunState } from "./run-state.ts";

export const runs = pgTable(
  "runs",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    title: text("title").notNull(),
    script: text("script").notNull(),
    /** SHA-256 of the script's bytes, hex; the agent checks it again. */
    scriptHash: text("script_hash").notNull(),
    interpreter: text("interpreter").$type<Interpreter>().notNull(),
    args: jsonb("args").$type<string[]>().notNull(),
    env: jsonb("env").$type<Record<string, string>>().notNull(),
    timeoutSeconds: integer("timeout_seconds").notNull(),
    state: text("state").$type<RunState>().notNull(),
    createdBy: text("created_by")
      .notNull()
      .references(() => users.id),
    /** Where the person was: grants may hold from some networks only. */
    address: text("address"),
    createdAt: moment("created_at").notNull(),
    /** Executions nobody could offer by then are expired. */
    expiresAt: moment("expires_at").notNull(),
    startedAt: moment("started_at"),
    endedAt: moment("ended_at"),
  },
  (table) => [index("runs_org_created").on(table.orgId, table.createdAt)],
);

export const executions = pgTable(
  "executions",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    runId: text("run_id")
      .notNull()
      .references(() => runs.id),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    agentId: text("agent_id")
      .notNull()
      .references(() => agents.id),
    state: text("state").$type<ExecutionState>().notNull(),
    attempt: integer("attempt").notNull().default(1),
    stream: bigint("stream", { mode: "number" }),
    /** When it was last offered; an offer nobody answers is made again. */
    offeredAt: moment("offered_at"),
    stopRequestedAt: moment("stop_requested_at"),
    exitCode: integer("exit_code"),
    signal: text("signal"),
    reason: text("reason").$type<ExecutionReason>(),
    message: text("message"),
    startedAt: moment("started_at"),
    endedAt: moment("ended_at"),
    stdoutBytes: bigint("stdout_bytes", { mode: "number" }).notNull().default(0),
    stderrBytes: bigint("stderr_bytes", { mode: "number" }).notNull().default(0),
    truncated: boolean("truncated").notNull().default(false),
    logHead: text("log_head"),
  },
  (table) => [
    index("executions_run").on(table.runId),
    index("executions_agent_state").on(table.agentId, table.state),
    // Of a table that only grows, the few that wait.
    index("executions_waiting").on(table.orgId).where(sql`${table.state} in ('queued', 'offered')`),
  ],
);

export type RunRow = typeof runs.$inferSelect;
export type ExecutionRow = typeof executions.$inferSelect;

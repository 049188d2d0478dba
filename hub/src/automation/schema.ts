// Automation: runs and their executions. The row is the queue; what travels over MQTT only says "look".
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { assets } from "../assets/schema.ts";
import { agents, zones } from "../fleet/schema.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { ParameterValues } from "../scripts/input.ts";
import { scripts } from "../scripts/schema.ts";
import type { ExecutionReason, ExecutionState } from "./execution-state.ts";
import type { Artefacts, KeptApproval, Placing, Refused, Rolling, RunFile, Trigger } from "./input.ts";
import type { RunState } from "./run-state.ts";

export const runs = pgTable(
  "runs",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    title: text("title").notNull(),
    trigger: text("trigger").$type<Trigger>().notNull().default("person"),
    /** The task it is a run of; null for a run of its own. */
    taskId: text("task_id"),
    /** Where the script was kept; null for one that was written for this run. What runs is `script` either way. */
    scriptId: text("script_id").references(() => scripts.id),
    scriptVersion: integer("script_version"),
    /** As they were filled in; a secret is the account that holds it. */
    parameters: jsonb("parameters").$type<ParameterValues>().notNull().default({}),
    script: text("script").notNull(),
    /** SHA-256 of the script's bytes, hex; the agent checks it again. */
    scriptHash: text("script_hash").notNull(),
    interpreter: text("interpreter").notNull(),
    args: jsonb("args").$type<string[]>().notNull(),
    env: jsonb("env").$type<Record<string, string>>().notNull(),
    /** By the variable that gets it, the account of the vault whose secret it is; delivered sealed, kept nowhere else. */
    secrets: jsonb("secrets").$type<Record<string, string>>().notNull().default({}),
    timeoutSeconds: integer("timeout_seconds").notNull(),
    /** How long an execution waits for its host once it may be offered. */
    expirySeconds: integer("expiry_seconds").notNull().default(3_600),
    /** The request under which it runs; null: under grants. */
    ticketId: text("ticket_id"),
    /** What of it was approved, as boundOf() says it. */
    bound: text("bound"),
    /** The approval as agents check it: signed when it was given, so that a changed row is worth nothing. */
    approval: jsonb("approval").$type<KeptApproval>(),
    /** Placed before the script begins, or instead of one. */
    files: jsonb("files").$type<RunFile[]>().notNull().default([]),
    /** Collected from each host when the script has ended. */
    artefacts: jsonb("artefacts").$type<string[]>().notNull().default([]),
    /** As whom on neighbours: a user name of the vault, or a choice without a secret there. */
    account: text("account").notNull().default("@agent"),
    rolling: jsonb("rolling").$type<Rolling>(),
    /** Somebody let it go on after its canaries. */
    canaryPassed: boolean("canary_passed").notNull().default(false),
    /** Failures that somebody has seen and gone on from. */
    toleratedErrors: integer("tolerated_errors").notNull().default(0),
    /** Targets that were meant and may not be run on, with the reason. */
    refused: jsonb("refused").$type<Refused[]>().notNull().default([]),
    state: text("state").$type<RunState>().notNull(),
    createdBy: text("created_by")
      .notNull()
      .references(() => users.id),
    /** Where the person was: grants may hold from some networks only. */
    address: text("address"),
    createdAt: moment("created_at").notNull(),
    startedAt: moment("started_at"),
    endedAt: moment("ended_at"),
  },
  (table) => [
    index("runs_org_created").on(table.orgId, table.createdAt),
    index("runs_task").on(table.taskId, table.createdAt),
    index("runs_script").on(table.scriptId),
    index("runs_ticket").on(table.ticketId),
    // Of a table that only grows, the few whose files are still needed.
    index("runs_with_files").on(table.orgId).where(sql`${table.state} <> 'finished' and ${table.files} <> '[]'`),
  ],
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
    /** Who runs it: of an agent's own host that agent, of a neighbour whoever took it, null before. */
    agentId: text("agent_id").references(() => agents.id),
    /** Of a neighbour: any agent of this zone may take it. Null for an agent's own host. */
    zoneId: text("zone_id").references(() => zones.id),
    /** As whom: an account's id, or a choice without one. */
    accountChoice: text("account_choice").notNull().default("@agent"),
    /** In which order a rolling run lets them go, from 0. */
    position: integer("position").notNull().default(0),
    state: text("state").$type<ExecutionState>().notNull(),
    attempt: integer("attempt").notNull().default(1),
    /** Of a neighbour: the agents that did not get there. None of them is offered it again. */
    notReachedBy: jsonb("not_reached_by").$type<string[]>().notNull().default([]),
    stream: bigint("stream", { mode: "number" }),
    /** When it left `held`. */
    releasedAt: moment("released_at"),
    /** Who was not found by then is `expired`; set when it may be offered. */
    expiresAt: moment("expires_at"),
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
    /** Of the run's files: how far they came and what became of each; null before the first word. */
    placing: jsonb("placed_files").$type<Placing>(),
    /** What was collected, as its agent tells it; null where the run collects nothing. */
    artefacts: jsonb("artefacts").$type<Artefacts>(),
    logHead: text("log_head"),
    /** SHA-256 over what was printed, both channels; null where nothing was kept or a restart of the hub cut the reading. */
    digest: text("digest"),
    /** The same with numbers, times and the host's names folded: see output-values.ts. */
    valueDigest: text("value_digest"),
    /** The last line that shows anything, of stderr first when it failed; harmless text of one line. */
    lastLine: text("last_line"),
  },
  (table) => [
    index("executions_run").on(table.runId),
    index("executions_agent_state").on(table.agentId, table.state),
    // Of a table that only grows, the few that wait.
    index("executions_waiting").on(table.orgId).where(sql`${table.state} in ('queued', 'offered')`),
    index("executions_held").on(table.runId, table.position).where(sql`${table.state} = 'held'`),
    index("executions_of_zone").on(table.zoneId).where(sql`${table.state} = 'queued'`),
  ],
);

export type RunRow = typeof runs.$inferSelect;
export type ExecutionRow = typeof executions.$inferSelect;
/** One that an agent has. */
export type TakenExecution = ExecutionRow & { agentId: string };

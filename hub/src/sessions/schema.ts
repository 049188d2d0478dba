// Sessions: a person's live access to an asset, and what is known of it afterwards. The bytes are in the log, not here.
import { bigint, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { assets } from "../assets/schema.ts";
import { agents } from "../fleet/schema.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { EndReason, SessionKind, SessionState } from "./session-state.ts";

export const sessions = pgTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    kind: text("kind").$type<SessionKind>().notNull(),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    agentId: text("agent_id")
      .notNull()
      .references(() => agents.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** A grant it was opened under; null for what administrators opened before they had one. */
    grantId: text("grant_id"),
    /** The user name on the asset. */
    account: text("account").notNull(),
    /** As whom it was authorised: an account's id, or a choice of account-choice.ts. */
    accountChoice: text("account_choice").notNull(),
    protocol: text("protocol").notNull(),
    /** Where the person was when it was opened. */
    address: text("address"),
    /** Of a dial: the port on the asset. */
    port: integer("port"),
    state: text("state").$type<SessionState>().notNull(),
    /** Number of its stream on the agent's link. */
    stream: bigint("stream", { mode: "number" }),
    columns: integer("columns").notNull(),
    rows: integer("rows").notNull(),
    startedAt: moment("started_at").notNull(),
    endedAt: moment("ended_at"),
    endReason: text("end_reason").$type<EndReason>(),
    endedBy: text("ended_by"),
    exitCode: integer("exit_code"),
    signal: text("signal"),
    outputBytes: bigint("output_bytes", { mode: "number" }).notNull().default(0),
    /** Last hash of the log's chain, hex, once it is closed. */
    logHead: text("log_head"),
  },
  (table) => [
    index("sessions_org_started").on(table.orgId, table.startedAt),
    index("sessions_agent_state").on(table.agentId, table.state),
    index("sessions_user").on(table.userId),
    index("sessions_asset").on(table.assetId),
  ],
);

export type SessionRow = typeof sessions.$inferSelect;

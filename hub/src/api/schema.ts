// Answers to calls that are made once however often they are sent: what another system was told, for when it asks again because it did not hear.
import { index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment, orgId } from "../platform/columns.ts";

export const onceCalls = pgTable(
  "once_calls",
  {
    orgId: orgId(),
    /** The access key it came with, or the person. */
    callerId: text("caller_id").notNull(),
    /** As the caller chose it. */
    key: text("key").notNull(),
    /** SHA-256 of method, path and body. */
    request: text("request").notNull(),
    /** Null while it is being done; it stays so when the hub died over it. */
    status: integer("status"),
    answer: jsonb("answer"),
    at: moment("at").notNull(),
  },
  (table) => [
    primaryKey({ name: "once_calls_pk", columns: [table.orgId, table.callerId, table.key] }),
    index("once_calls_at").on(table.at),
  ],
);

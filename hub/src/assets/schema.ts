// Assets: what can be reached. In this version each agent's own host.
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { agents } from "../fleet/schema.ts";
import { moment, orgId } from "../platform/columns.ts";

export const assets = pgTable(
  "assets",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    agentId: text("agent_id")
      .notNull()
      .references(() => agents.id),
    kind: text("kind").$type<"host">().notNull(),
    name: text("name").notNull(),
    platform: text("platform").$type<"linux">().notNull(),
    createdAt: moment("created_at").notNull(),
    /** Set when its agent is revoked: kept for the records that name it. */
    retiredAt: moment("retired_at"),
  },
  (table) => [index("assets_org_name").on(table.orgId, table.name), index("assets_agent").on(table.agentId)],
);

export type AssetRow = typeof assets.$inferSelect;

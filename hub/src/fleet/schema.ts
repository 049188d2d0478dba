// Fleet: zones, agents, the tokens that enrol them, and how many were online when.
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { moment, orgId } from "../platform/columns.ts";

export const zones = pgTable(
  "zones",
  { id: text("id").primaryKey(), orgId: orgId(), name: text("name").notNull(), createdAt: moment("created_at").notNull() },
  (table) => [uniqueIndex("zones_org_name").on(table.orgId, table.name)],
);

/** What an agent says its host is. Hostile text, capped when it arrives. */
export type HostFacts = {
  hostname: string;
  osName: string;
  osVersion: string;
  kernel: string;
  arch: string;
  cpuModel: string;
  cpuCount: number;
  memoryBytes: number;
  memoryFreeBytes: number;
  disks: { mount: string; filesystem: string; sizeBytes: number; freeBytes: number }[];
  addresses: string[];
  uptimeSeconds: number;
  user: string;
  root: boolean;
  /** The key that the host's owner lets the agent use on neighbours: its line of authorized_keys, or why it is of no use. Absent: none. */
  ownKey?: { line: string; problem: string };
  collectedAt: string;
};

export const agents = pgTable(
  "agents",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    zoneId: text("zone_id")
      .notNull()
      .references(() => zones.id),
    name: text("name").notNull(),
    /** Raw Ed25519 key, base64. */
    publicKey: text("public_key").notNull(),
    version: text("version"),
    facts: jsonb("facts").$type<HostFacts>(),
    enrolledAt: moment("enrolled_at").notNull(),
    lastSeenAt: moment("last_seen_at"),
    onlineSince: moment("online_since"),
    online: boolean("online").notNull().default(false),
    address: text("address"),
    transport: text("transport").$type<"mqtts" | "wss">(),
    clockSkewMs: integer("clock_skew_ms"),
    /** Two processes used the key at once: a copied disk or a stolen key. */
    duplicateSeenAt: moment("duplicate_seen_at"),
    duplicateAddresses: jsonb("duplicate_addresses").$type<string[]>(),
    revokedAt: moment("revoked_at"),
    /** When people were told that it stays away; it counts until the agent is seen again. */
    offlineToldAt: moment("offline_told_at"),
    /** Highest Order.sequence handed out, in blocks: see orders.ts. */
    orderSequence: bigint("order_sequence", { mode: "number" }).notNull().default(0),
  },
  (table) => [index("agents_org_zone").on(table.orgId, table.zoneId), uniqueIndex("agents_public_key").on(table.publicKey)],
);

export const enrolmentTokens = pgTable(
  "enrolment_tokens",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    tokenHash: text("token_hash").notNull(),
    zoneId: text("zone_id")
      .notNull()
      .references(() => zones.id),
    /** Name to give the agent, else its host name. */
    name: text("name"),
    createdBy: text("created_by").notNull(),
    createdAt: moment("created_at").notNull(),
    expiresAt: moment("expires_at").notNull(),
    installStartedAt: moment("install_started_at"),
    usedAt: moment("used_at"),
    agentId: text("agent_id").references(() => agents.id),
  },
  (table) => [uniqueIndex("enrolment_tokens_hash").on(table.tokenHash)],
);

/** One row per organisation and quarter of an hour, for the strip on the home page. */
export const fleetHistory = pgTable(
  "fleet_history",
  { orgId: orgId(), at: moment("at").notNull(), online: integer("online").notNull(), offline: integer("offline").notNull() },
  (table) => [primaryKey({ name: "fleet_history_pk", columns: [table.orgId, table.at] })],
);

export type AgentRow = typeof agents.$inferSelect;
export type ZoneRow = typeof zones.$inferSelect;
export type EnrolmentTokenRow = typeof enrolmentTokens.$inferSelect;

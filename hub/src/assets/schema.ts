// Assets: what can be reached, where it stands in the tree, and the accounts on it.

import { isNull, sql } from "drizzle-orm";
import { type AnyPgColumn, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { agents, zones } from "../fleet/schema.ts";
import { users } from "../identity/schema.ts";
import { bytes, moment, orgId } from "../platform/columns.ts";
import type { Category, PlatformId, ProtocolName } from "./input.ts";

/** A service that the asset offers. The port is where it listens. */
export type AssetProtocol = { name: ProtocolName; port: number };

export const assets = pgTable(
  "assets",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    /** The private network it lies in; any agent there reaches it. */
    zoneId: text("zone_id")
      .notNull()
      .references(() => zones.id),
    /** Set for the host that an agent runs on: it is reached through this agent alone, without a network between. */
    agentId: text("agent_id").references(() => agents.id),
    category: text("category").$type<Category>().notNull(),
    platform: text("platform").$type<PlatformId>().notNull(),
    /** Of an agent's host it follows the agent's name. */
    name: text("name").notNull(),
    /** Host name or IP address as the agents of the zone see it; empty for an agent's own host. */
    address: text("address").notNull().default(""),
    protocols: jsonb("protocols").$type<AssetProtocol[]>().notNull().default([]),
    comment: text("comment").notNull().default(""),
    active: boolean("active").notNull().default(true),
    /** Who answers for it: decides about requests for it, where a flow says so. */
    ownerId: text("owner_id").references(() => users.id),
    /** SSH algorithms of old devices are accepted. Shown wherever it is on, and audited. */
    legacyAlgorithms: boolean("legacy_algorithms").notNull().default(false),
    /** Scripts run there only as people approved them, whatever grants and tasks say. */
    critical: boolean("critical").notNull().default(false),
    /** And whoever approves one last signs it with a passkey, which agents can check themselves. */
    signedApprovals: boolean("signed_approvals").notNull().default(false),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    /** Set when it was deleted, or its agent revoked: kept for the records that name it. */
    retiredAt: moment("retired_at"),
  },
  (table) => [
    index("assets_org_name").on(table.orgId, table.name, table.id),
    index("assets_agent").on(table.agentId),
    index("assets_zone").on(table.zoneId),
    // Two agents may run on hosts of one name; what people write down has one name each.
    uniqueIndex("assets_org_name_once")
      .on(table.orgId, table.name)
      .where(sql`${isNull(table.agentId)} and ${isNull(table.retiredAt)}`),
  ],
);

/** By whom the certificate of an asset's database server must be vouched for. Without a row nobody asks whose it is. */
export const assetCertificateChecks = pgTable("asset_certificate_checks", {
  assetId: text("asset_id")
    .primaryKey()
    .references(() => assets.id, { onDelete: "cascade" }),
  /** Certificates of authorities, as PEM. */
  authorities: text("authorities").notNull(),
  /** For whom the certificate must be; null: for the asset's address. */
  serverName: text("server_name"),
});

export const nodes = pgTable(
  "nodes",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    parentId: text("parent_id").references((): AnyPgColumn => nodes.id),
    name: text("name").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("nodes_place").on(table.orgId, sql`coalesce(${table.parentId}, '')`, table.name),
    index("nodes_parent").on(table.parentId),
  ],
);

/** Every node with every node above it and itself: what lies under a node is one lookup, however deep. */
export const nodeAncestors = pgTable(
  "node_ancestors",
  {
    nodeId: text("node_id")
      .notNull()
      .references(() => nodes.id, { onDelete: "cascade" }),
    ancestorId: text("ancestor_id")
      .notNull()
      .references(() => nodes.id, { onDelete: "cascade" }),
  },
  (table) => [primaryKey({ columns: [table.nodeId, table.ancestorId] }), index("node_ancestors_ancestor").on(table.ancestorId)],
);

export const assetNodes = pgTable(
  "asset_nodes",
  {
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id, { onDelete: "cascade" }),
    nodeId: text("node_id")
      .notNull()
      .references(() => nodes.id, { onDelete: "cascade" }),
  },
  (table) => [primaryKey({ columns: [table.assetId, table.nodeId] }), index("asset_nodes_node").on(table.nodeId)],
);

export const assetLabels = pgTable(
  "asset_labels",
  {
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id, { onDelete: "cascade" }),
    orgId: orgId(),
    /** `key:value`. */
    label: text("label").notNull(),
  },
  (table) => [primaryKey({ columns: [table.assetId, table.label] }), index("asset_labels_label").on(table.orgId, table.label)],
);

export const favourites = pgTable(
  "favourites",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id, { onDelete: "cascade" }),
  },
  (table) => [primaryKey({ columns: [table.userId, table.assetId] })],
);

export type SecretKind = "password" | "ssh-key";

/** Where the secret of an account that a template makes comes from: made anew for each, or the template's own. */
export type TemplateSecret = "new-password" | "new-ssh-key" | "password" | "ssh-key";

export const accountTemplates = pgTable(
  "account_templates",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    username: text("username").notNull(),
    privileged: boolean("privileged").notNull().default(false),
    secret: text("secret").$type<TemplateSecret>().notNull(),
    /** The template's own secret; null where each account gets a new one. */
    sealed: bytes("sealed"),
    /** Which of the hub's keys wraps it. */
    vaultKey: integer("vault_key"),
    /** Counts its own secrets: part of the place it is sealed for. */
    version: integer("version").notNull().default(0),
    /** User name of the account of the same asset that it is reached through by su(1). */
    suFrom: text("su_from"),
    /** For accounts of this template without a rule of their own. */
    rotateEveryDays: integer("rotate_every_days"),
    /** Accounts are set up on their assets as soon as they are made. */
    push: boolean("push").notNull().default(false),
    comment: text("comment").notNull().default(""),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [uniqueIndex("account_templates_name").on(table.orgId, table.name)],
);

export const accounts = pgTable(
  "accounts",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    username: text("username").notNull(),
    secretKind: text("secret_kind").$type<SecretKind>().notNull(),
    /** May create users, change passwords and install keys on the asset. */
    privileged: boolean("privileged").notNull().default(false),
    active: boolean("active").notNull().default(true),
    comment: text("comment").notNull().default(""),
    /** Signs in as this one first and then becomes the account with su(1). */
    suFromId: text("su_from_id").references((): AnyPgColumn => accounts.id),
    /** The public half of an SSH key, as in authorized_keys; null for a password. */
    publicKey: text("public_key"),
    /** The version of its secret in use; 0 before it has one. */
    version: integer("version").notNull().default(0),
    /** Being set on the asset: stored before, in use once it was seen to work there. Which of the two the asset has is not known meanwhile. */
    pendingVersion: integer("pending_version"),
    /** A key that was replaced and may still be let in: its line is to be taken away. */
    leftVersion: integer("left_version"),
    /** Which template made it; its rules hold where the account has none. */
    templateId: text("template_id").references(() => accountTemplates.id, { onDelete: "set null" }),
    rotateEveryDays: integer("rotate_every_days"),
    /** When the secret in use was set on the asset by a rotation. */
    rotatedAt: moment("rotated_at"),
    /** When the secret was last seen to work, or not, and the code of why not. */
    checkedAt: moment("checked_at"),
    checkFailure: text("check_failure"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    retiredAt: moment("retired_at"),
  },
  (table) => [
    index("accounts_asset").on(table.assetId),
    index("accounts_org_username").on(table.orgId, table.username),
    uniqueIndex("accounts_asset_username").on(table.assetId, table.username).where(isNull(table.retiredAt)),
  ],
);

/** Every secret an account ever had, sealed. A version is only added: what a rotation that died left behind can be tried. */
export const accountSecrets = pgTable(
  "account_secrets",
  {
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    orgId: orgId(),
    version: integer("version").notNull(),
    sealed: bytes("sealed").notNull(),
    /** Which of the hub's keys wraps it; see platform/vault.ts. */
    vaultKey: integer("vault_key").notNull(),
    createdAt: moment("created_at").notNull(),
    createdBy: text("created_by"),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.version] }), index("account_secrets_key").on(table.vaultKey)],
);

export type HostKeyState = "trusted" | "offered" | "refused";

export const hostKeys = pgTable(
  "host_keys",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    /** As in the first field of a known_hosts line, `ssh-ed25519`. */
    algorithm: text("algorithm").notNull(),
    /** SSH wire format (RFC 4253 §6.6), base64. */
    key: text("key").notNull(),
    /** `SHA256:…` as ssh-keygen prints it. */
    fingerprint: text("fingerprint").notNull(),
    state: text("state").$type<HostKeyState>().notNull(),
    seenAt: moment("seen_at").notNull(),
    decidedBy: text("decided_by"),
    decidedAt: moment("decided_at"),
  },
  (table) => [uniqueIndex("host_keys_asset_key").on(table.assetId, table.key)],
);

export type AssetRow = typeof assets.$inferSelect;
export type NodeRow = typeof nodes.$inferSelect;
export type AccountRow = typeof accounts.$inferSelect;
export type TemplateRow = typeof accountTemplates.$inferSelect;
export type HostKeyRow = typeof hostKeys.$inferSelect;

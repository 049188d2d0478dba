// Federation: which systems may recognise people here, what they know them as, and which of their groups are which of ours.
// Ends in identity's sign-in; does not decide what anybody may do.
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { groups, type Role, users } from "../identity/schema.ts";
import { bytes, moment, orgId } from "../platform/columns.ts";
import type { ProviderSettings } from "./input.ts";

export const identityProviders = pgTable(
  "identity_providers",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    active: boolean("active").notNull(),
    settings: jsonb("settings").$type<ProviderSettings>().notNull(),
    /** What this hub proves itself with; sealed, see provider-secret.ts. Null for a public client. */
    secret: bytes("secret"),
    /** Counts up with each new secret; bound into the seal. */
    secretVersion: integer("secret_version").notNull(),
    /** The vault's key the secret was wrapped with. */
    vaultKey: integer("vault_key"),
    /** May people who are not here yet be made at their first sign-in? */
    createsPeople: boolean("creates_people").notNull(),
    /** Lower case; empty: of any domain. */
    emailDomains: text("email_domains").array().notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [uniqueIndex("identity_providers_org_name").on(table.orgId, table.name)],
);

/** A group there means a group here, or a role. */
export const providerMappings = pgTable(
  "provider_mappings",
  {
    id: text("id").primaryKey(),
    providerId: text("provider_id")
      .notNull()
      .references(() => identityProviders.id, { onDelete: "cascade" }),
    /** As the system calls it. */
    value: text("value").notNull(),
    groupId: text("group_id").references(() => groups.id, { onDelete: "cascade" }),
    role: text("role").$type<Role>(),
  },
  (table) => [index("provider_mappings_provider").on(table.providerId)],
);

/** Who a person is there. */
export const externalIdentities = pgTable(
  "external_identities",
  {
    providerId: text("provider_id")
      .notNull()
      .references(() => identityProviders.id, { onDelete: "cascade" }),
    /** Never reused by the system for somebody else: `sub`, or a directory's own id. */
    subject: text("subject").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The person was made at the first sign-in, so the system's groups decide on the role, too. */
    madePerson: boolean("made_person").notNull(),
    createdAt: moment("created_at").notNull(),
    lastSeenAt: moment("last_seen_at").notNull(),
    /** The directory no longer knows the person, found at that moment. */
    goneAt: moment("gone_at"),
  },
  (table) => [primaryKey({ columns: [table.providerId, table.subject] }), index("external_identities_user").on(table.userId)],
);

export type ProviderRow = typeof identityProviders.$inferSelect;
export type MappingRow = typeof providerMappings.$inferSelect;

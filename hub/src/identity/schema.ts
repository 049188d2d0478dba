// Identity: organisations, people, their sign-ins, invitations and access keys.
import { sql } from "drizzle-orm";
import { type AnyPgColumn, bigint, boolean, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { z } from "zod";
import { moment, orgId } from "../platform/columns.ts";
import type { KeyScope, permissions, role } from "./input.ts";
import type { SignInStage } from "./sign-in-stage.ts";

export const organisations = pgTable("organisations", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** Names it in the address of its sign-in page; made from the name, where that can be. */
  slug: text("slug").notNull().unique("organisations_slug").default(sql`substr(md5(random()::text), 1, 12)`),
  createdAt: moment("created_at").notNull(),
  /** Nobody works there. */
  disabledAt: moment("disabled_at"),
});

/** A built-in one by its name, one that the organisation made by its id. */
export type Role = z.infer<typeof role>;
export type Permission = (typeof permissions)[number];

/** Those that an organisation made. Columns called role have no foreign key, since built-in ones have no row: giving and removing lock the row instead. */
export const roles = pgTable(
  "roles",
  {
    id: text("id").$type<Role>().primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    permissions: text("permissions").array().$type<Permission[]>().notNull(),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [uniqueIndex("roles_org_name").on(table.orgId, table.name)],
);

/** Columns down to updatedAt are better-auth's, the rest ours. */
export const users = pgTable("users", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique("users_email"),
  emailVerified: boolean("email_verified").notNull(),
  image: text("image"),
  createdAt: moment("created_at").notNull(),
  updatedAt: moment("updated_at").notNull(),
  /** Where the person is at home: that organisation's administrators own the account. Elsewhere he may be a guest. */
  orgId: orgId(),
  role: text("role").$type<Role>().notNull(),
  language: text("language").$type<"en" | "zh">(),
  /** False until the invitation was accepted. */
  accepted: boolean("accepted").notNull(),
  disabledAt: moment("disabled_at"),
  lastSignInAt: moment("last_sign_in_at"),
  /** Wrong passwords in a row, and until when the account is locked for them. */
  failedSignIns: integer("failed_sign_ins").notNull().default(0),
  lockedUntil: moment("locked_until"),
  /** Lower case, unique on the hub; see usernames.ts. */
  username: text("username").notNull().unique("users_username"),
  phone: text("phone"),
  /** From then on the person may neither sign in nor go on. */
  expiresAt: moment("expires_at"),
  comment: text("comment").notNull().default(""),
  /** Null: when the account was made. */
  passwordChangedAt: moment("password_changed_at"),
  mustChangePassword: boolean("must_change_password").notNull().default(false),
  /** Enabled again after having been disabled: idleness counts from then. */
  enabledAt: moment("enabled_at"),
  /** Guesses at codes since then; see guesses.ts. */
  guesses: integer("guesses").notNull().default(0),
  guessesSince: moment("guesses_since"),
  /** Who decides about what the person asks for, where a flow says so. */
  managerId: text("manager_id").references((): AnyPgColumn => users.id),
  /** Makes and disables organisations. */
  systemAdmin: boolean("system_admin").notNull().default(false),
});

/** Guests: people who are at home in another organisation. */
export const organisationMembers = pgTable(
  "organisation_members",
  {
    orgId: text("org_id")
      .notNull()
      .references(() => organisations.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").$type<Role>().notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.userId] }), index("organisation_members_user").on(table.userId)],
);

/** Asks somebody, by his address alone, to be a guest. Says nothing about whether such a person exists. */
export const guestInvitations = pgTable(
  "guest_invitations",
  {
    id: text("id").primaryKey(),
    orgId: text("org_id")
      .notNull()
      .references(() => organisations.id),
    email: text("email").notNull(),
    role: text("role").$type<Role>().notNull(),
    tokenHash: text("token_hash").notNull(),
    invitedBy: text("invited_by").notNull(),
    createdAt: moment("created_at").notNull(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [
    uniqueIndex("guest_invitations_org_email").on(table.orgId, table.email),
    uniqueIndex("guest_invitations_token").on(table.tokenHash),
  ],
);

export const authSessions = pgTable(
  "auth_sessions",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique("auth_sessions_token"),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    expiresAt: moment("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
    /** How far it has come: sign-in-stage.ts. The library makes rows without it, and such a row lets nobody in. */
    stage: text("stage").$type<SignInStage>().notNull().default("new"),
    /** When the second factor, or the password of who has none, was last shown. */
    confirmedAt: moment("confirmed_at"),
    /** The system that recognised the person instead of a password of ours; see federation. */
    providerId: text("provider_id"),
    /** The ticket that decides whether the person is let in; see rules. */
    reviewId: text("review_id"),
    /** Where the person works as a guest in this browser. Null: at home. */
    orgId: text("org_id"),
  },
  (table) => [index("auth_sessions_user").on(table.userId)],
);

export const authAccounts = pgTable(
  "auth_accounts",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: moment("access_token_expires_at"),
    refreshTokenExpiresAt: moment("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [index("auth_accounts_user").on(table.userId)],
);

export const authVerifications = pgTable("auth_verifications", {
  id: text("id").primaryKey(),
  identifier: text("identifier").notNull(),
  value: text("value").notNull(),
  expiresAt: moment("expires_at").notNull(),
  createdAt: moment("created_at"),
  updatedAt: moment("updated_at"),
});

/** Links that let somebody set a password: first administrator, invitation, reset. Single use. */
export const passwordLinks = pgTable("password_links", {
  tokenHash: text("token_hash").primaryKey(),
  orgId: orgId(),
  purpose: text("purpose").$type<"setup" | "invite" | "reset">().notNull(),
  userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
  createdAt: moment("created_at").notNull(),
  expiresAt: moment("expires_at").notNull(),
  usedAt: moment("used_at"),
});

export const accessKeys = pgTable(
  "access_keys",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** First characters, so that a person recognises the key. */
    prefix: text("prefix").notNull(),
    keyHash: text("key_hash").notNull(),
    /** What it is limited to; null: it may what its person may. */
    scopes: text("scopes").array().$type<KeyScope[]>(),
    /** Networks from which it is taken; none: from everywhere. */
    addresses: text("addresses").array().notNull().default([]),
    createdAt: moment("created_at").notNull(),
    lastUsedAt: moment("last_used_at"),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
  },
  (table) => [uniqueIndex("access_keys_hash").on(table.keyHash), index("access_keys_user").on(table.userId)],
);

/** Several people under one name, so that a grant need not name each. */
export const groups = pgTable(
  "groups",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [uniqueIndex("groups_org_name").on(table.orgId, table.name)],
);

export const groupMembers = pgTable(
  "group_members",
  {
    groupId: text("group_id")
      .notNull()
      .references(() => groups.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The system that says so, and may take it back at the person's next sign-in. Null: somebody here decided. */
    providerId: text("provider_id"),
  },
  (table) => [primaryKey({ columns: [table.groupId, table.userId] }), index("group_members_user").on(table.userId)],
);

/** One authenticator app a person. Secrets are sealed: see totp.ts. */
export const totpSecrets = pgTable("totp_secrets", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  orgId: orgId(),
  secret: text("secret"),
  /** Being set up: no code of it was shown yet. */
  nextSecret: text("next_secret"),
  /** The oldest of the hub's keys that wraps one of the two; see platform/vault.ts. Null for what a hub before the vault sealed. */
  vaultKey: integer("vault_key"),
  confirmedAt: moment("confirmed_at"),
  /** Periods of thirty seconds since 1970, of the last code accepted. */
  lastPeriod: bigint("last_period", { mode: "number" }),
});

export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    codeHash: text("code_hash").notNull(),
    usedAt: moment("used_at"),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);

/** What an organisation asks at sign-in; without a row, nothing but the password. */
export const signInPolicies = pgTable("sign_in_policies", {
  orgId: text("org_id").primaryKey(),
  mfaRoles: text("mfa_roles").array().$type<Role[]>().notNull(),
  passwordLengthMin: integer("password_length_min").notNull().default(10),
  /** How many of the last passwords may not be used again. */
  passwordHistory: integer("password_history").notNull().default(0),
  passwordDaysMax: integer("password_days_max"),
  /** Whoever has not signed in for so long is disabled. */
  idleDaysMax: integer("idle_days_max"),
});

/** Hashes of passwords a person had, the current one among them. */
export const oldPasswords = pgTable(
  "old_passwords",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    hash: text("hash").notNull(),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [index("old_passwords_user").on(table.userId, table.createdAt)],
);

export const passkeys = pgTable(
  "passkeys",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** base64url, as browsers name it. */
    credentialId: text("credential_id").notNull(),
    /** COSE key, base64. */
    publicKey: text("public_key").notNull(),
    /** Signatures made, where the device counts; a copied key is found by it. */
    counter: bigint("counter", { mode: "number" }).notNull(),
    createdAt: moment("created_at").notNull(),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [uniqueIndex("passkeys_credential").on(table.credentialId), index("passkeys_user").on(table.userId)],
);

export type PasskeyRow = typeof passkeys.$inferSelect;
export type SignInRow = typeof authSessions.$inferSelect;
export type TotpRow = typeof totpSecrets.$inferSelect;
export type GuestInvitationRow = typeof guestInvitations.$inferSelect;
export type RoleRow = typeof roles.$inferSelect;
export type UserRow = typeof users.$inferSelect;
export type GroupRow = typeof groups.$inferSelect;
export type AccessKeyRow = typeof accessKeys.$inferSelect;

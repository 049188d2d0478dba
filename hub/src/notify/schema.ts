// Notify's tables: what happened, whose inbox it is in, and what has still to leave the hub. A notice and its deliveries are written in the transaction of
// what they tell of; deliver.ts takes them from here.
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, real, text, uniqueIndex } from "drizzle-orm/pg-core";
import { users } from "../identity/schema.ts";
import { bytes, moment, orgId } from "../platform/columns.ts";
import type { ChannelKind, deliveryStates, Language, NoticeKind, TaskNoticeKind } from "./input.ts";
import type { Notice } from "./notices.ts";

export const noticeChannels = pgTable(
  "notice_channels",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    kind: text("kind").$type<ChannelKind>().notNull(),
    active: boolean("active").notNull(),
    language: text("language").$type<Language>().notNull(),
    kinds: text("kinds").array().$type<NoticeKind[]>().notNull(),
    allowsInside: boolean("allows_inside").notNull(),
    /** Of the address, what may be shown. */
    host: text("host").notNull(),
    /** Address and signing secret, sealed; see channel-secret.ts. */
    secret: bytes("secret").notNull(),
    hasSigningSecret: boolean("has_signing_secret").notNull(),
    /** Counts up with each new address or secret; bound into the seal. */
    secretVersion: integer("secret_version").notNull(),
    /** The vault's key the secret was wrapped with. */
    vaultKey: integer("vault_key").notNull(),
    /** Why the hub has switched it off; null when it has not. */
    switchedOff: text("switched_off"),
    createdAt: moment("created_at").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [uniqueIndex("notice_channels_org_name").on(table.orgId, table.name)],
);

export const notices = pgTable(
  "notices",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    kind: text("kind").$type<NoticeKind>().notNull(),
    data: jsonb("data").$type<Notice["data"]>().notNull(),
    at: moment("at").notNull(),
    /** What is told once only; null: as often as it happens. */
    key: text("key"),
  },
  (table) => [uniqueIndex("notices_org_key").on(table.orgId, table.key), index("notices_at").on(table.at)],
);

/** Whose inbox it is in. */
export const noticeReaders = pgTable(
  "notice_readers",
  {
    noticeId: text("notice_id")
      .notNull()
      .references(() => notices.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    orgId: orgId(),
    readAt: moment("read_at"),
  },
  (table) => [
    primaryKey({ name: "notice_readers_pk", columns: [table.userId, table.orgId, table.noticeId] }),
    index("notice_readers_notice").on(table.noticeId),
    index("notice_readers_unread").on(table.userId, table.orgId).where(sql`read_at is null`),
  ],
);

/** What a person has chosen otherwise than the kind's own default. */
export const noticeSubscriptions = pgTable(
  "notice_subscriptions",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    kind: text("kind").$type<NoticeKind>().notNull(),
    inbox: boolean("inbox").notNull(),
    mail: boolean("mail").notNull(),
  },
  (table) => [primaryKey({ name: "notice_subscriptions_pk", columns: [table.userId, table.kind] })],
);

/** Channels that one thing, such as a task, tells of what happens to it. */
export const noticeRoutes = pgTable(
  "notice_routes",
  {
    orgId: orgId(),
    /** Id of the thing. */
    subjectId: text("subject_id").notNull(),
    channelId: text("channel_id")
      .notNull()
      .references(() => noticeChannels.id, { onDelete: "cascade" }),
    kinds: text("kinds").array().$type<TaskNoticeKind[]>().notNull(),
  },
  (table) => [
    primaryKey({ name: "notice_routes_pk", columns: [table.subjectId, table.channelId] }),
    index("notice_routes_channel").on(table.channelId),
  ],
);

/** What a person has chosen to hear of one thing, instead of what he hears of all such things. */
export const noticeFollowers = pgTable(
  "notice_followers",
  {
    orgId: orgId(),
    /** Id of the thing. */
    subjectId: text("subject_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    kinds: text("kinds").array().$type<TaskNoticeKind[]>().notNull(),
    inbox: boolean("inbox").notNull(),
    mail: boolean("mail").notNull(),
  },
  (table) => [
    primaryKey({ name: "notice_followers_pk", columns: [table.userId, table.subjectId] }),
    index("notice_followers_subject").on(table.subjectId),
  ],
);

export const noticeDeliveries = pgTable(
  "notice_deliveries",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    noticeId: text("notice_id")
      .notNull()
      .references(() => notices.id, { onDelete: "cascade" }),
    /** Where to: a channel, or a person by mail. One of the two. */
    channelId: text("channel_id").references(() => noticeChannels.id, { onDelete: "cascade" }),
    userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
    state: text("state").$type<(typeof deliveryStates)[number]>().notNull(),
    attempts: integer("attempts").notNull(),
    /** What the other side, or the network, said last. */
    answer: text("answer"),
    triedAt: moment("tried_at"),
    /** How many notices the message held that it went in; null before. */
    together: integer("together"),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [
    index("notice_deliveries_waiting").on(sql`coalesce(channel_id, user_id)`, table.id).where(sql`state = 'waiting'`),
    index("notice_deliveries_org").on(table.orgId, table.id),
    index("notice_deliveries_notice").on(table.noticeId),
    index("notice_deliveries_channel").on(table.channelId),
    index("notice_deliveries_user").on(table.userId),
  ],
);

/** How fast a channel, or a person's mailbox, is written to; shared by every hub on this database. */
export const noticePaces = pgTable("notice_paces", {
  /** Id of the channel or the person. */
  target: text("target").primaryKey(),
  /** Messages that may leave at once, at `tokensAt`. */
  tokens: real("tokens").notNull(),
  tokensAt: moment("tokens_at").notNull(),
  /** A hub is writing there; one that died is forgotten then. */
  busyUntil: moment("busy_until"),
  /** After a failure: not before then. */
  pausedUntil: moment("paused_until"),
  /** Failures in a row. */
  failures: integer("failures").notNull(),
});

export type ChannelRow = typeof noticeChannels.$inferSelect;
export type NoticeRow = typeof notices.$inferSelect;
export type DeliveryRow = typeof noticeDeliveries.$inferSelect;

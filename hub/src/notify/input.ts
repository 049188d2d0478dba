// What people are told of, where, and what they may ask for. zod only: the console's forms import this file.
import { z } from "zod";
import { byId, displayName, page } from "../platform/input.ts";

export const noticeKinds = [
  "access.break-glass",
  "access.ending",
  "access.review",
  "access.review-flagged",
  "grant.ending",
  "account.rotation-failed",
  "host-key.changed",
  "person.locked",
  "agent.offline",
  "agent.duplicate",
  "ticket.waiting",
  "ticket.approved",
  "ticket.rejected",
  "ticket.lapsed",
  "ticket.not-begun",
  "ticket.ended",
  "database-account.drifted",
  "ticket.changed",
  "run.started",
  "run.succeeded",
  "run.failed",
  "run.recovered",
  "run.failing",
  "run.slow",
  "run.missed",
  "run.halted",
] as const;
export const noticeKind = z.enum(noticeKinds);
export type NoticeKind = (typeof noticeKinds)[number];

/** Of what happens to a task. */
export const taskNoticeKinds = [
  "run.started",
  "run.succeeded",
  "run.failed",
  "run.recovered",
  "run.failing",
  "run.slow",
  "run.missed",
  "run.halted",
] as const satisfies readonly NoticeKind[];
export type TaskNoticeKind = (typeof taskNoticeKinds)[number];
/** What somebody wants to know who has chosen nothing else: that it went wrong, or is right again. */
export const troubleKinds = [
  "run.failed",
  "run.recovered",
  "run.failing",
  "run.missed",
  "run.halted",
] as const satisfies readonly TaskNoticeKind[];
const taskKinds = z.array(z.enum(taskNoticeKinds)).max(taskNoticeKinds.length);

/** A channel that one task tells of these. */
export const route = z.object({ channelId: z.string().min(1).max(64), kinds: taskKinds });
export type Route = z.infer<typeof route>;
/** What one person hears of one task. */
export const following = z.object({ kinds: taskKinds, inbox: z.boolean(), mail: z.boolean() });
export type Following = z.infer<typeof following>;

export const severities = ["info", "success", "warning", "critical"] as const;
export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];
const language = z.enum(languages);

export const channelKinds = ["dingtalk", "feishu", "wecom", "slack", "teams", "webhook"] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** Standard Webhooks: the key in base64, 24 to 64 bytes. */
const webhookKey = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

/** http only where the administrator allows addresses inside: see post.ts, which judges them again when it dials. */
const address = z
  .string()
  .trim()
  .max(2_000)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, username, password, hash } = new URL(text);
    return ["https:", "http:"].includes(protocol) && username === "" && password === "" && hash === "";
  }, "must be an address with https");
const secret = z.string().trim().min(1).max(500);

const fields = {
  name: displayName,
  active: z.boolean(),
  language,
  /** Of the whole organisation, told there. */
  kinds: z.array(noticeKind).max(noticeKinds.length),
  /** May its address be inside: a private network, this machine, or plain http? */
  allowsInside: z.boolean(),
};
type Target = {
  kind?: ChannelKind | undefined;
  allowsInside: boolean;
  url?: string | undefined;
  secret?: string | null | undefined;
};

const httpsUnlessInside = ({ url, allowsInside }: Target) => allowsInside || url === undefined || url.startsWith("https:");
const httpsMessage = { path: ["url"], message: "must begin with https, unless addresses inside are allowed" };

export const createChannel = z
  .object({ ...fields, kind: z.enum(channelKinds), url: address, secret: secret.nullable() })
  .refine(httpsUnlessInside, httpsMessage)
  .refine(({ kind, secret }) => kind !== "webhook" || (secret !== null && webhookKey.test(secret)), {
    path: ["secret"],
    message: "must be whsec_ and a key of at least 24 bytes in base64",
  });
/** url, secret: left out, they stay as they are. A new address needs its secret again: one robot's secret is not told to another. */
export const changeChannel = byId
  .extend({ ...fields, url: address.optional(), secret: secret.nullable().optional() })
  .refine(httpsUnlessInside, httpsMessage)
  .refine(({ url, secret }) => url === undefined || secret !== undefined, {
    path: ["secret"],
    message: "must come with a new address",
  });
export type CreateChannel = z.infer<typeof createChannel>;
export type ChangeChannel = z.infer<typeof changeChannel>;

export const listInbox = page.omit({ search: true }).extend({ unread: z.stringbool().or(z.boolean()).optional(), language });
/** Without ids: all that are there now. */
export const markRead = z.object({ ids: z.array(z.string().max(64)).max(200).optional() });
export const setSubscription = z.object({ kind: noticeKind, inbox: z.boolean(), mail: z.boolean() });

export const deliveryStates = ["waiting", "sent", "failed"] as const;
export const listDeliveries = page
  .omit({ search: true })
  .extend({ channelId: z.string().max(64).optional(), state: z.enum(deliveryStates).optional() });

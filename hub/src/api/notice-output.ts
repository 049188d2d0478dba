// Shapes of what /api/v1 answers about notices.
import { z } from "zod";
import { channelKinds, deliveryStates, languages, noticeKinds, severities } from "../notify/input.ts";
import { pageOf } from "./output.ts";

const moment = z.iso.datetime();

/** path: of the page in the console that it is about. */
export const notice = z.object({
  id: z.string(),
  kind: z.enum(noticeKinds),
  at: moment,
  readAt: moment.nullable(),
  severity: z.enum(severities),
  title: z.string(),
  summary: z.string(),
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  table: z.object({ rows: z.array(z.array(z.string())), more: z.number().int() }).nullable(),
  path: z.string(),
});
export const inbox = pageOf(notice);
export const unread = z.object({ unread: z.number().int() });
/** mails: whether this hub has a mail server. */
export const subscriptions = z.object({
  mails: z.boolean(),
  items: z.array(z.object({ kind: z.enum(noticeKinds), inbox: z.boolean(), mail: z.boolean() })),
});
/** host: of its address, what may be shown. switchedOff: why the hub has switched it off. */
export const channel = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(channelKinds),
  active: z.boolean(),
  language: z.enum(languages),
  kinds: z.array(z.enum(noticeKinds)),
  allowsInside: z.boolean(),
  host: z.string(),
  hasSecret: z.boolean(),
  switchedOff: z.string().nullable(),
  createdAt: moment,
});
export const channelName = z.object({ id: z.string(), name: z.string(), kind: z.enum(channelKinds), active: z.boolean() });
/** text: what the other side or the network said. */
export const channelTest = z.object({ sent: z.boolean(), text: z.string() });
/** together: how many notices the message held that it went in. */
export const deliveries = pageOf(
  z.object({
    id: z.string(),
    kind: z.enum(noticeKinds),
    to: z.enum(["channel", "mail"]),
    name: z.string(),
    state: z.enum(deliveryStates),
    attempts: z.number().int(),
    together: z.number().int().nullable(),
    answer: z.string().nullable(),
    createdAt: moment,
    triedAt: moment.nullable(),
  }),
);

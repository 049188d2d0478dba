// Notices: a person's own inbox and choices, and the channels by which an organisation is told.
import { listDeliveries } from "../../notify/deliveries.ts";
import { channelNames } from "../../notify/following.ts";
import { countUnread, listInbox, markRead, setSubscription, subscriptionsOf } from "../../notify/inbox.ts";
import * as input from "../../notify/input.ts";
import { changeChannel, createChannel, listChannels, removeChannel, testChannel } from "../../notify/manage-channels.ts";
import { presentChannel, presentDelivery, presentNotice } from "../../notify/present.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../notice-output.ts";
import { created, listOf, nothing } from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Notices";
const managing = needs("settings.manage");

export const noticesRouter = router({
  inbox: signedIn
    .meta({ rest: { method: "GET", path: "/notices", tag, summary: "One's own inbox, newest first" } })
    .input(input.listInbox)
    .output(output.inbox)
    .query(async ({ ctx, input: given }) => {
      const { rows, ...page } = await listInbox(ctx.hub.notify.db, ctx.actor, given);
      return { ...page, items: rows.map((row) => presentNotice(row, given.language)) };
    }),
  unread: signedIn
    .meta({ rest: { method: "GET", path: "/notices/unread", tag, summary: "How many of them are unread" } })
    .output(output.unread)
    .query(async ({ ctx }) => ({ unread: await countUnread(ctx.hub.notify.db, ctx.actor) })),
  markRead: signedIn
    .meta({ rest: { method: "POST", path: "/notices/read", tag, summary: "Mark some, or all, as read" } })
    .input(input.markRead)
    .output(nothing)
    .mutation(async ({ ctx, input: { ids } }) => {
      const { db, clock } = ctx.hub.notify;
      await markRead(db, ctx.actor, ids ?? null, clock.now());
      return {};
    }),
  subscriptions: signedIn
    .meta({ rest: { method: "GET", path: "/notices/subscriptions", tag, summary: "What one hears of, and where" } })
    .output(output.subscriptions)
    .query(async ({ ctx }) => ({
      mails: ctx.hub.mailer !== null,
      items: await subscriptionsOf(ctx.hub.notify.db, ctx.actor),
    })),
  setSubscription: signedIn
    .meta({
      rest: { method: "POST", path: "/notices/subscriptions", tag, summary: "Hear of one kind in the inbox, by mail, or not" },
    })
    .input(input.setSubscription)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await setSubscription(ctx.hub.notify.db, ctx.actor, given);
      return {};
    }),
  channelNames: needs("run.start")
    .meta({ rest: { method: "GET", path: "/notice-channels/names", tag, summary: "Channels that a task may tell, by name" } })
    .output(listOf(output.channelName))
    .query(async ({ ctx }) => ({ items: await channelNames(ctx.hub.notify.db, ctx.actor.orgId) })),
  channels: managing
    .meta({ rest: { method: "GET", path: "/notice-channels", tag, summary: "Where the organisation is told, by name" } })
    .output(listOf(output.channel))
    .query(async ({ ctx }) => ({ items: (await listChannels(ctx.hub.notify.db, ctx.actor.orgId)).map(presentChannel) })),
  createChannel: managing
    .meta({
      rest: { method: "POST", path: "/notice-channels", status: 201, tag, summary: "Add one; for people in the console only" },
    })
    .input(input.createChannel)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createChannel(ctx.hub.notify, ctx.actor, given) })),
  changeChannel: managing
    .meta({ rest: { method: "POST", path: "/notice-channels/{id}", tag, summary: "Change one; for people in the console only" } })
    .input(input.changeChannel)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeChannel(ctx.hub.notify, ctx.actor, given);
      return {};
    }),
  removeChannel: managing
    .meta({
      rest: { method: "DELETE", path: "/notice-channels/{id}", tag, summary: "Remove one; for people in the console only" },
    })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeChannel(ctx.hub.notify, ctx.actor, id);
      return {};
    }),
  testChannel: managing
    .meta({ rest: { method: "POST", path: "/notice-channels/{id}/test", tag, summary: "Send a test, and hear the true answer" } })
    .input(byId)
    .output(output.channelTest)
    .mutation(({ ctx, input: { id } }) => testChannel(ctx.hub.notify, ctx.actor, id)),
  deliveries: managing
    .meta({ rest: { method: "GET", path: "/notice-deliveries", tag, summary: "What was told where, newest first" } })
    .input(input.listDeliveries)
    .output(output.deliveries)
    .query(async ({ ctx, input: given }) => {
      const { rows, ...page } = await listDeliveries(ctx.hub.notify.db, ctx.actor.orgId, given);
      return { ...page, items: rows.map(presentDelivery) };
    }),
});

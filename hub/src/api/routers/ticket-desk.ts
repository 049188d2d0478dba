// For other systems: they ask and decide on behalf of people, or give at once what they have decided. Each needs a key that was made for it.

import { giveDatabases, giveServers } from "../../tickets/give-at-once.ts";
import * as input from "../../tickets/input.ts";
import { decideFor, openFor } from "../../tickets/on-behalf.ts";
import { created, nothing } from "../output.ts";
import * as output from "../ticket-output.ts";
import { router, signedIn } from "../trpc.ts";

const tag = "Tickets of other systems";

export const ticketDeskRouter = router({
  open: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/on-behalf",
        status: 201,
        tag,
        once: true,
        summary: "Ask for something for a person",
      },
    })
    .input(input.openFor)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await openFor(ctx.hub.tickets, ctx.actor, given) })),
  decide: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/{id}/decide-for",
        tag,
        once: true,
        summary: "Approve or reject in the name of somebody who is asked",
      },
    })
    .input(input.decideFor)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await decideFor(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  giveServers: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/access/servers-at-once",
        status: 201,
        tag,
        once: true,
        summary: "Give a person servers now, until the time is over; the ticket and the grant are there when it answers",
      },
    })
    .input(input.giveServers)
    .output(output.givenAtOnce)
    .mutation(async ({ ctx, input: given }) => {
      const { endsAt, ...rest } = await giveServers(ctx.hub.tickets, ctx.actor, given);
      return { ...rest, endsAt: endsAt.toISOString() };
    }),
  giveDatabases: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/access/databases-at-once",
        status: 201,
        tag,
        once: true,
        summary:
          "Give a person databases now, until the time is over; the ticket and the grant are there when it answers, the account soon after",
      },
    })
    .input(input.giveDatabases)
    .output(output.databasesAtOnce)
    .mutation(async ({ ctx, input: given }) => {
      const { endsAt, ...rest } = await giveDatabases(ctx.hub.tickets, ctx.actor, given);
      return { ...rest, endsAt: endsAt.toISOString() };
    }),
});

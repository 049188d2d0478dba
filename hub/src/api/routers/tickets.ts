// Tickets: what people ask for, who decides it, and the flows that say who.
import { byId } from "../../platform/input.ts";
import { decideTicket } from "../../tickets/decide-ticket.ts";
import { lookAtLink } from "../../tickets/decision-links.ts";
import { commentTicket, endTicket, withdrawTicket } from "../../tickets/end-ticket.ts";
import { findRequestable, flowsOf, namesIn } from "../../tickets/flows.ts";
import * as input from "../../tickets/input.ts";
import { changeFlow, createFlow, removeFlow, setSubstitute } from "../../tickets/manage-flows.ts";
import { changeTicket, extendTicket, openTicket } from "../../tickets/open-ticket.ts";
import { presentFlow, presentFullTicket, presentLink, presentTicket } from "../../tickets/present.ts";
import { runTicket } from "../../tickets/run-ticket.ts";
import { proposeApproval } from "../../tickets/sign-approval.ts";
import { substituteOf } from "../../tickets/substitutes.ts";
import { aboutTicket, findTicket, listTickets, waitingFor } from "../../tickets/tickets.ts";
import { created, nothing } from "../output.ts";
import * as output from "../ticket-output.ts";
import { needs, open, router, signedIn } from "../trpc.ts";
import { siteOf } from "./passkeys.ts";

const tag = "Tickets";
const asking = needs("tickets.open");
const managing = needs("tickets.manage");

export const ticketsRouter = router({
  list: signedIn
    .meta({
      rest: { method: "GET", path: "/tickets", tag, summary: "Tickets, newest first: your own, those that wait for you, or all" },
    })
    .input(input.listTickets)
    .output(output.tickets)
    .query(async ({ ctx, input: given }) => {
      const { db, clock } = ctx.hub.tickets;
      const { rows, nextCursor, total } = await listTickets(db, ctx.actor, given, clock.now());
      return { items: rows.map(presentTicket), nextCursor, total };
    }),
  waiting: signedIn
    .meta({ rest: { method: "GET", path: "/tickets/waiting", tag, summary: "How many wait for your decision" } })
    .output(output.waiting)
    .query(async ({ ctx }) => {
      const { db, clock } = ctx.hub.tickets;
      return { waiting: (await waitingFor(db, ctx.actor, clock.now())).length };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/tickets/{id}", tag, summary: "A ticket, with what you may do with it now" } })
    .input(byId)
    .output(output.fullTicket)
    .query(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.tickets;
      const now = clock.now();
      const found = await findTicket(db, ctx.actor, id, now);
      return presentFullTicket(found, await aboutTicket(db, found, ctx.actor, now), ctx.actor);
    }),
  requestable: asking
    .meta({ rest: { method: "GET", path: "/tickets/requestable", tag, summary: "What may be asked for, by name" } })
    .input(input.findRequestable)
    .output(output.requestable)
    .query(({ ctx, input: given }) => findRequestable(ctx.hub.tickets.db, ctx.actor.orgId, given)),
  open: asking
    .meta({ rest: { method: "POST", path: "/tickets", status: 201, tag, summary: "Ask for something, or keep a draft of it" } })
    .input(input.openTicket)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await openTicket(ctx.hub.tickets, ctx.actor, given) })),
  change: asking
    .meta({ rest: { method: "POST", path: "/tickets/{id}", tag, summary: "Change a draft; submit sends it on its way" } })
    .input(input.changeTicket)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeTicket(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  extend: asking
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/{id}/extend",
        status: 201,
        tag,
        summary: "Ask for the same once more, from when it ends",
      },
    })
    .input(input.extendTicket)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await extendTicket(ctx.hub.tickets, ctx.actor, given) })),
  decide: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/{id}/decide",
        tag,
        summary: "Approve, all of it or less, or reject; for who is asked now",
      },
    })
    .input(input.decideTicket)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await decideTicket(ctx.hub.tickets, ctx.actor, given, siteOf(ctx));
      return {};
    }),
  // Of the console alone: a browser asks the passkey.
  proposeApproval: signedIn
    .input(input.proposeApproval)
    .mutation(({ ctx, input: given }) => proposeApproval(ctx.hub.tickets, ctx.actor, given, siteOf(ctx))),
  run: needs("run.start")
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/{id}/run",
        status: 201,
        tag,
        summary: "Run the script that was approved, there and as it was approved",
      },
    })
    .input(input.runTicket)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await runTicket(ctx.hub.tickets, ctx.actor, given) })),
  /** What the link of a mail leads to. Looking uses nothing up: mail scanners look, too. */
  link: open
    .input(input.lookAtLink)
    .query(async ({ ctx, input: { link } }) => presentLink(await lookAtLink(ctx.hub.tickets, link), ctx.actor)),
  withdraw: signedIn
    .meta({ rest: { method: "POST", path: "/tickets/{id}/withdraw", tag, summary: "Ask for it no longer" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await withdrawTicket(ctx.hub.tickets, ctx.actor, id);
      return {};
    }),
  end: signedIn
    .meta({ rest: { method: "POST", path: "/tickets/{id}/end", tag, summary: "Give back what it gave, or take it away" } })
    .input(input.endTicket)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await endTicket(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  comment: signedIn
    .meta({ rest: { method: "POST", path: "/tickets/{id}/comments", tag, summary: "Say something about it" } })
    .input(input.commentTicket)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await commentTicket(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  substitute: signedIn
    .meta({
      rest: { method: "GET", path: "/tickets/substitute", tag, summary: "Who decides in your place, and for whom you do" },
    })
    .output(output.substitute)
    .query(({ ctx }) => substituteOf(ctx.hub.tickets.db, ctx.actor, ctx.hub.tickets.clock.now())),
  setSubstitute: signedIn
    .meta({ rest: { method: "POST", path: "/tickets/substitute", tag, summary: "Who decides in your place, from and until" } })
    .input(input.setSubstitute)
    .output(nothing)
    .mutation(async ({ ctx, input: { substitute } }) => {
      await setSubstitute(ctx.hub.tickets, ctx.actor, substitute);
      return {};
    }),
  flows: managing
    .meta({
      rest: {
        method: "GET",
        path: "/ticket-flows",
        tag,
        summary: "Who decides about what, in the order in which they are looked at",
      },
    })
    .output(output.flows)
    .query(async ({ ctx }) => {
      const { db } = ctx.hub.tickets;
      const flows = await flowsOf(db, ctx.actor.orgId);
      return { items: flows.map(presentFlow), names: await namesIn(db, ctx.actor.orgId, flows) };
    }),
  createFlow: managing
    .meta({ rest: { method: "POST", path: "/ticket-flows", status: 201, tag, summary: "Say who decides about something" } })
    .input(input.createFlow)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createFlow(ctx.hub.tickets, ctx.actor, given) })),
  changeFlow: managing
    .meta({
      rest: {
        method: "POST",
        path: "/ticket-flows/{id}",
        tag,
        summary: "Change a flow; what was submitted before keeps its own",
      },
    })
    .input(input.changeFlow)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeFlow(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  removeFlow: managing
    .meta({ rest: { method: "DELETE", path: "/ticket-flows/{id}", tag, summary: "Remove a flow" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeFlow(ctx.hub.tickets, ctx.actor, id);
      return {};
    }),
});

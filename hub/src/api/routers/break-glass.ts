// Access in an emergency: taken at once, told to everybody, looked at afterwards.
import { breakGlass, breakGlassMinutes, heldNow, reviewTicket, setBreakGlassRules } from "../../tickets/break-glass.ts";
import { findAnyAsset } from "../../tickets/flows.ts";
import * as input from "../../tickets/input.ts";
import { created, nothing } from "../output.ts";
import * as output from "../ticket-output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Break-glass";
const taking = needs("access.break-glass");

export const breakGlassRouter = router({
  open: taking
    .meta({
      rest: {
        method: "POST",
        path: "/break-glass",
        status: 201,
        tag,
        summary: "Take access now, in an emergency; from the console only",
      },
    })
    .input(input.breakGlass)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await breakGlass(ctx.hub.tickets, ctx.actor, given) })),
  assets: taking
    .meta({ rest: { method: "GET", path: "/break-glass/assets", tag, summary: "What may be taken in an emergency, by name" } })
    .input(input.findForBreakGlass)
    .output(output.breakGlassAssets)
    .query(({ ctx, input: { search } }) => findAnyAsset(ctx.hub.tickets.db, ctx.actor.orgId, search)),
  held: signedIn
    .meta({ rest: { method: "GET", path: "/break-glass/held", tag, summary: "What you have taken and hold now" } })
    .output(output.breakGlassHeld)
    .query(async ({ ctx }) => {
      const { db, clock } = ctx.hub.tickets;
      const rows = await heldNow(db, ctx.actor, clock.now());
      return {
        items: rows.flatMap(({ id, title, endsAt }) => (endsAt === null ? [] : [{ id, title, endsAt: endsAt.toISOString() }])),
      };
    }),
  review: signedIn
    .meta({
      rest: { method: "POST", path: "/tickets/{id}/review", tag, summary: "Say what was found when an emergency was over" },
    })
    .input(input.reviewTicket)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await reviewTicket(ctx.hub.tickets, ctx.actor, given);
      return {};
    }),
  rules: signedIn
    .meta({ rest: { method: "GET", path: "/break-glass/rules", tag, summary: "How long access in an emergency lasts at most" } })
    .output(output.breakGlassRules)
    .query(async ({ ctx }) => ({ minutesMax: await breakGlassMinutes(ctx.hub.tickets.db, ctx.actor.orgId) })),
  setRules: needs("settings.manage")
    .meta({ rest: { method: "POST", path: "/break-glass/rules", tag, summary: "Say how long it lasts at most" } })
    .input(input.setBreakGlassRules)
    .output(nothing)
    .mutation(async ({ ctx, input: { minutesMax } }) => {
      await setBreakGlassRules(ctx.hub.tickets, ctx.actor, minutesMax);
      return {};
    }),
});

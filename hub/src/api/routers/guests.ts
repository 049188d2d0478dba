// Guests: people at home elsewhere whom an organisation asks to work here, too.
import {
  acceptGuestInvitation,
  findGuestInvitation,
  inviteGuest,
  listGuestInvitations,
  withdrawGuestInvitation,
} from "../../identity/guests.ts";
import * as input from "../../identity/input.ts";
import { presentGuestInvitation } from "../../identity/present.ts";
import { byId } from "../../platform/input.ts";
import { listOf, nothing } from "../output.ts";
import { sendGuestLink } from "../password-mail.ts";
import * as output from "../people-output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Organisations";
const managing = needs("people.manage");

export const guestsRouter = router({
  invite: managing
    .meta({
      rest: { method: "POST", path: "/guest-invitations", status: 201, tag, summary: "Ask somebody by e-mail to be a guest" },
    })
    .input(input.inviteGuest)
    .output(output.invited)
    .mutation(async ({ ctx, input: given }) => {
      const { id, ...link } = await inviteGuest(ctx.hub.identity, ctx.actor, given);
      ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people");
      return { id, ...(await sendGuestLink(ctx, given, link)) };
    }),
  invitations: managing
    .meta({ rest: { method: "GET", path: "/guest-invitations", tag, summary: "Guests who have not answered yet" } })
    .output(listOf(output.guestInvitation))
    .query(async ({ ctx }) => {
      const { db, clock } = ctx.hub.identity;
      return { items: (await listGuestInvitations(db, ctx.actor.orgId, clock.now())).map(presentGuestInvitation) };
    }),
  withdraw: managing
    .meta({ rest: { method: "DELETE", path: "/guest-invitations/{id}", tag, summary: "Withdraw an invitation" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await withdrawGuestInvitation(ctx.hub.identity, ctx.actor, id);
      ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people");
      return {};
    }),
  /** What a link asks whoever is signed in. */
  invitation: signedIn.input(input.guestInvitation).query(async ({ ctx, input: { token } }) => {
    const { db, clock } = ctx.hub.identity;
    const { expiresAt, ...asked } = await findGuestInvitation(db, ctx.actor, token, clock.now());
    return { ...asked, expiresAt: expiresAt.toISOString() };
  }),
  accept: signedIn.input(input.guestInvitation).mutation(async ({ ctx, input: { token } }) => {
    const { id } = await acceptGuestInvitation(ctx.hub.identity, ctx.actor, token);
    ctx.hub.fleet.changes.announce(id, "people");
    return { id };
  }),
});

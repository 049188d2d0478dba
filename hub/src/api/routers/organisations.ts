// Organisations: the ones a person works in, and for system administrators all there are.
import { ensureZone } from "../../fleet/zones.ts";
import * as input from "../../identity/input.ts";
import {
  addMember,
  createOrganisation,
  disableOrganisation,
  enableOrganisation,
  enterOrganisation,
  listOrganisations,
  removeGuest,
  renameOrganisation,
  setSystemAdmin,
} from "../../identity/manage-organisations.ts";
import { organisationsOf } from "../../identity/members.ts";
import { presentOrganisation } from "../../identity/present.ts";
import { byId } from "../../platform/input.ts";
import { created, listOf, nothing } from "../output.ts";
import * as output from "../people-output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Organisations";

export const organisationsRouter = router({
  mine: signedIn
    .meta({ rest: { method: "GET", path: "/my-organisations", tag, summary: "Where you may work, and as what" } })
    .output(listOf(output.myOrganisation))
    .query(async ({ ctx }) => ({ items: await organisationsOf(ctx.hub.identity.db, ctx.actor.id) })),
  /** Of this browser's sign-in; an access key works where it was made. */
  enter: signedIn.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await enterOrganisation(ctx.hub.identity, ctx.actor, id);
    return {};
  }),
  list: signedIn
    .meta({ rest: { method: "GET", path: "/organisations", tag, summary: "All organisations; for system administrators" } })
    .output(listOf(output.organisation))
    .query(async ({ ctx }) => ({
      items: (await listOrganisations(ctx.hub.identity.db, ctx.actor)).map(presentOrganisation),
    })),
  create: signedIn
    .meta({ rest: { method: "POST", path: "/organisations", status: 201, tag, summary: "Make an organisation" } })
    .input(input.createOrganisation)
    .output(created)
    .mutation(async ({ ctx, input: given }) => {
      const id = await createOrganisation(ctx.hub.identity, ctx.actor, given);
      await ensureZone(ctx.hub.fleet, id);
      return { id };
    }),
  rename: signedIn
    .meta({ rest: { method: "POST", path: "/organisations/{id}", tag, summary: "Rename an organisation" } })
    .input(input.renameOrganisation)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await renameOrganisation(ctx.hub.identity, ctx.actor, given);
      return {};
    }),
  disable: signedIn
    .meta({ rest: { method: "POST", path: "/organisations/{id}/disable", tag, summary: "Nobody works there any more" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await disableOrganisation(ctx.hub.identity, ctx.actor, id);
      return {};
    }),
  enable: signedIn
    .meta({ rest: { method: "POST", path: "/organisations/{id}/enable", tag, summary: "Enable a disabled organisation" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await enableOrganisation(ctx.hub.identity, ctx.actor, id);
      return {};
    }),
  addMember: signedIn
    .meta({
      rest: { method: "POST", path: "/organisations/{id}/members", tag, summary: "Let a person of another one work there, too" },
    })
    .input(input.addMember)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await addMember(ctx.hub.identity, ctx.actor, given);
      ctx.hub.fleet.changes.announce(given.id, "people");
      return {};
    }),
  removeGuest: needs("people.manage")
    .meta({ rest: { method: "DELETE", path: "/guests/{id}", tag, summary: "Send a guest of your organisation home" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeGuest(ctx.hub.identity, ctx.actor, id);
      ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people", id);
      return {};
    }),
  setSystemAdmin: signedIn
    .meta({
      rest: { method: "POST", path: "/people/{id}/system-admin", tag, summary: "For system administrators in the console only" },
    })
    .input(input.setSystemAdmin)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await setSystemAdmin(ctx.hub.identity, ctx.actor, given);
      return {};
    }),
});

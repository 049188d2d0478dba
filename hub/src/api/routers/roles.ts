// Roles: the built-in ones, and those that the organisation makes.
import * as input from "../../identity/input.ts";
import { changeRole, createRole, removeRole } from "../../identity/manage-roles.ts";
import { listRoles } from "../../identity/roles.ts";
import { created, listOf, nothing } from "../output.ts";
import * as output from "../people-output.ts";
import { type Context, needs, router, signedIn } from "../trpc.ts";

const tag = "Roles";
const managing = needs("people.manage");
const announce = ({ hub }: Context, orgId: string): void => hub.fleet.changes.announce(orgId, "people", null);

export const rolesRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/roles", tag, summary: "Roles, what each allows, and how many people have it" } })
    .output(listOf(output.listedRole))
    .query(async ({ ctx }) => ({ items: await listRoles(ctx.hub.identity.db, ctx.actor) })),
  create: managing
    .meta({ rest: { method: "POST", path: "/roles", status: 201, tag, summary: "Make a role; for people in the console only" } })
    .input(input.createRole)
    .output(created)
    .mutation(async ({ ctx, input: given }) => {
      const id = await createRole(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return { id };
    }),
  change: managing
    .meta({
      rest: { method: "POST", path: "/roles/{id}", tag, summary: "Replace what a role says; for people in the console only" },
    })
    .input(input.changeRole)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeRole(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "DELETE", path: "/roles/{id}", tag, summary: "Remove a role; its people get the role `to`" } })
    .input(input.removeRole)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await removeRole(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return {};
    }),
});

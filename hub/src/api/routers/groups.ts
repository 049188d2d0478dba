// Groups of people.
import { listGroups } from "../../identity/groups.ts";
import * as input from "../../identity/input.ts";
import { addMembers, createGroup, deleteGroup, removeMembers, renameGroup } from "../../identity/manage-groups.ts";
import { presentGroup } from "../../identity/present.ts";
import { byId } from "../../platform/input.ts";
import { created, nothing, pageOf } from "../output.ts";
import * as output from "../people-output.ts";
import { type Context, needs, router } from "../trpc.ts";

const tag = "Groups";
const reading = needs("people.read");
const managing = needs("people.manage");

export const groupsRouter = router({
  list: reading
    .meta({ rest: { method: "GET", path: "/groups", tag, summary: "Groups of people, by name" } })
    .input(input.listGroups)
    .output(pageOf(output.group))
    .query(async ({ ctx, input: given }) => {
      const { rows, nextCursor, total } = await listGroups(ctx.hub.identity.db, ctx.actor.orgId, given);
      return { items: rows.map(presentGroup), nextCursor, total };
    }),
  create: managing
    .meta({ rest: { method: "POST", path: "/groups", status: 201, tag, summary: "Make a group" } })
    .input(input.createGroup)
    .output(created)
    .mutation(async ({ ctx, input: given }) => {
      const id = await createGroup(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return { id };
    }),
  rename: managing
    .meta({ rest: { method: "POST", path: "/groups/{id}", tag, summary: "Rename a group" } })
    .input(input.renameGroup)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await renameGroup(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return {};
    }),
  delete: managing
    .meta({ rest: { method: "DELETE", path: "/groups/{id}", tag, summary: "Delete a group; its people stay" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await deleteGroup(ctx.hub.identity, ctx.actor, id);
      announce(ctx, ctx.actor.orgId);
      return {};
    }),
  addMembers: managing
    .meta({ rest: { method: "POST", path: "/groups/{id}/members", tag, summary: "Add people to a group: all of them or none" } })
    .input(input.groupMembers)
    .output(output.changedCount)
    .mutation(async ({ ctx, input: given }) => {
      const changed = await addMembers(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return { changed };
    }),
  removeMembers: managing
    .meta({ rest: { method: "POST", path: "/groups/{id}/members/remove", tag, summary: "Take people out of a group" } })
    .input(input.groupMembers)
    .output(output.changedCount)
    .mutation(async ({ ctx, input: given }) => {
      const changed = await removeMembers(ctx.hub.identity, ctx.actor, given);
      announce(ctx, ctx.actor.orgId);
      return { changed };
    }),
});

const announce = ({ hub }: Context, orgId: string): void => hub.fleet.changes.announce(orgId, "people");

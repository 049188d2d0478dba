// Grants: who may what, and why or why not.
import { explainAccess, previewGrant } from "../../access/explain.ts";
import { findSubjects, findTargets } from "../../access/find-ends.ts";
import { findGrant, listGrants } from "../../access/grants.ts";
import * as input from "../../access/input.ts";
import { changeGrant, createGrant, revokeGrant } from "../../access/manage-grants.ts";
import { presentGrant } from "../../access/present.ts";
import { notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../output.ts";
import { needs, router } from "../trpc.ts";

const reading = needs("grants.read");
const managing = needs("grants.manage");

export const accessRouter = router({
  grants: reading
    .meta({ rest: { method: "GET", path: "/grants", tag: "Grants", summary: "Grants, by name" } })
    .input(input.listGrants)
    .output(output.pageOf(output.grant))
    .query(async ({ ctx, input: given }) => {
      const { db, clock } = ctx.hub.access;
      const now = clock.now();
      const { rows, nextCursor, total } = await listGrants(db, ctx.actor.orgId, given, now);
      return { items: rows.map((row) => presentGrant(row, now)), nextCursor, total };
    }),
  get: reading
    .meta({ rest: { method: "GET", path: "/grants/{id}", tag: "Grants", summary: "One grant" } })
    .input(byId)
    .output(output.grant)
    .query(async ({ ctx, input: { id } }) => {
      const found = await findGrant(ctx.hub.access.db, ctx.actor.orgId, id);
      if (found === null) throw notFound("grant");
      return presentGrant(found, ctx.hub.access.clock.now());
    }),
  grant: managing
    .meta({ rest: { method: "POST", path: "/grants", status: 201, tag: "Grants", summary: "Give a grant" } })
    .input(input.grant)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createGrant(ctx.hub.access, ctx.actor, given) })),
  change: managing
    .meta({ rest: { method: "POST", path: "/grants/{id}", tag: "Grants", summary: "Replace what a grant says" } })
    .input(input.changeGrant)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeGrant(ctx.hub.access, ctx.actor, given);
      return {};
    }),
  revoke: managing
    .meta({
      rest: {
        method: "POST",
        path: "/grants/{id}/revoke",
        tag: "Grants",
        summary: "Withdraw a grant; what only it allowed has ended when this answers",
      },
    })
    .input(input.revokeGrant)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await revokeGrant(ctx.hub.access, ctx.actor, given);
      return {};
    }),
  findSubjects: reading
    .meta({
      rest: { method: "GET", path: "/grant-subjects", tag: "Grants", summary: "People, groups and roles that a grant may name" },
    })
    .input(input.findEnds)
    .output(output.listOf(output.foundSubject))
    .query(async ({ ctx, input: { search } }) => ({ items: await findSubjects(ctx.hub.access.db, ctx.actor.orgId, search) })),
  findTargets: reading
    .meta({
      rest: { method: "GET", path: "/grant-targets", tag: "Grants", summary: "Assets, nodes and labels that a grant may name" },
    })
    .input(input.findEnds)
    .output(output.listOf(output.foundTarget))
    .query(async ({ ctx, input: { search } }) => ({ items: await findTargets(ctx.hub.access.db, ctx.actor.orgId, search) })),
  explain: reading
    .meta({
      rest: { method: "GET", path: "/access/explain", tag: "Grants", summary: "Why a person may reach an asset, or may not" },
    })
    .output(output.explanation)
    .input(input.explain)
    .query(({ ctx, input: given }) => explainAccess(ctx.hub.access.db, ctx.actor.orgId, given, ctx.hub.access.clock.now())),
  preview: reading
    .input(input.preview)
    .query(({ ctx, input: given }) => previewGrant(ctx.hub.access.db, ctx.actor.orgId, given.id, given.grant)),
});

// Agents, zones, enrolment.

import { Reach } from "../../access/reach.ts";
import { assetsOfAgents } from "../../assets/assets.ts";
import { type AgentWithZone, findAgent, listAgents } from "../../fleet/agents.ts";
import { createEnrolmentToken, findEnrolmentToken } from "../../fleet/enrolment-tokens.ts";
import * as input from "../../fleet/input.ts";
import { hubUrls, installCommand } from "../../fleet/install-command.ts";
import { moveAgent, renameAgent, revokeAgent } from "../../fleet/manage-agents.ts";
import { presentAgent, presentEnrolmentToken } from "../../fleet/present.ts";
import { createZone, deleteZone, listZones, renameZone } from "../../fleet/zones.ts";
import { notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../output.ts";
import { presentAssets } from "../present-assets.ts";
import { type Context, needs, router } from "../trpc.ts";

const reading = needs("fleet.read");
const managing = needs("fleet.manage");

async function presentAll({ hub }: Context, rows: AgentWithZone[]) {
  const assets = await assetsOfAgents(
    hub.fleet.db,
    rows.map(({ agent }) => agent.id),
  );
  return rows.map((row) =>
    presentAgent(row, hub.fleet.links, {
      latestVersion: hub.agentVersion,
      assetId: assets.find((asset) => asset.agentId === row.agent.id)?.id ?? "",
    }),
  );
}

export const fleetRouter = router({
  agents: reading
    .meta({ rest: { method: "GET", path: "/agents", tag: "Fleet", summary: "Agents, by name" } })
    .input(input.listAgents)
    .output(output.pageOf(output.agent))
    .query(async ({ ctx, input: given }) => {
      const { rows, nextCursor, total } = await listAgents(ctx.hub.fleet.db, ctx.actor.orgId, given);
      return { items: await presentAll(ctx, rows), nextCursor, total };
    }),
  agent: reading.input(byId).query(async ({ ctx, input: { id } }) => {
    const { fleet } = ctx.hub;
    const found = await findAgent(fleet.db, ctx.actor.orgId, id);
    const [presented] = found === null ? [] : await presentAll(ctx, [found]);
    if (found === null || presented === undefined) throw notFound("agent");
    const [assets, reach] = await Promise.all([assetsOfAgents(fleet.db, [id]), Reach.of(fleet.db, ctx.actor, fleet.clock.now())]);
    const rows = assets.map((asset) => ({ asset, ...found }));
    return {
      ...presented,
      roundTrips: fleet.links.roundTrips(id).map(({ at, us }) => ({ at: at.toISOString(), us })),
      assets: await presentAssets(ctx.hub, ctx.actor, rows, await reach.offers(fleet.db, rows)),
      liveStreams: fleet.links.knownStreamsOf(id)?.size ?? 0,
    };
  }),
  zones: reading.query(async ({ ctx }) => ({ items: await listZones(ctx.hub.fleet.db, ctx.actor.orgId) })),
  createZone: managing
    .input(input.createZone)
    .mutation(async ({ ctx, input: given }) => ({ id: await createZone(ctx.hub.fleet, ctx.actor, given) })),
  renameZone: managing.input(input.renameZone).mutation(async ({ ctx, input: given }) => {
    await renameZone(ctx.hub.fleet, ctx.actor, given);
    return {};
  }),
  deleteZone: managing.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await deleteZone(ctx.hub.fleet, ctx.actor, id);
    return {};
  }),
  renameAgent: managing.input(input.renameAgent).mutation(async ({ ctx, input: given }) => {
    await renameAgent(ctx.hub.fleet, ctx.actor, given);
    return {};
  }),
  moveAgent: managing.input(input.moveAgent).mutation(async ({ ctx, input: given }) => {
    await moveAgent(ctx.hub.fleet, ctx.actor, given);
    return {};
  }),
  revokeAgent: managing
    .meta({
      rest: {
        method: "POST",
        path: "/agents/{id}/revoke",
        tag: "Fleet",
        summary: "Revoke an agent: its link closes and its key is dead",
      },
    })
    .input(input.revokeAgent)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await revokeAgent(ctx.hub.fleet, ctx.actor, given);
      return {};
    }),
  createEnrolmentToken: needs("enrol")
    .meta({
      rest: {
        method: "POST",
        path: "/enrolment-tokens",
        status: 201,
        tag: "Fleet",
        summary: "A single-use token of fifteen minutes, and the line that installs an agent with it",
      },
    })
    .input(input.createEnrolmentToken)
    .output(output.enrolmentToken)
    .mutation(async ({ ctx, input: given }) => {
      const urls = hubUrls({ publicUrl: ctx.hub.config.publicUrl ?? null, port: ctx.hub.ports.console }, ctx.host);
      const hubUrl = given.hubUrl?.replace(/\/+$/, "") ?? urls[0] ?? `https://localhost:${ctx.hub.ports.console}`;
      const { id, token, expiresAt } = await createEnrolmentToken(ctx.hub.fleet, ctx.actor, given);
      const parts = { hubUrl, pin: ctx.hub.keys.pin, token };
      return {
        id,
        token,
        command: installCommand(parts),
        unprivilegedCommand: installCommand({ ...parts, prefix: '"$HOME/sallyport"' }),
        hubUrl,
        hubUrls: urls,
        expiresAt: expiresAt.toISOString(),
      };
    }),
  enrolmentToken: needs("enrol")
    .input(byId)
    .query(async ({ ctx, input: { id } }) => {
      const found = await findEnrolmentToken(ctx.hub.fleet.db, ctx.actor.orgId, id);
      if (found === null) throw notFound("enrolment token");
      return presentEnrolmentToken(found, ctx.hub.fleet.clock.now());
    }),
});

// Databases: what is on them, and the accounts that requests give there.
import { findAsset } from "../../assets/assets.ts";
import { certificateCheckOf } from "../../assets/certificate-checks.ts";
import { databaseServiceOf } from "../../databases/dialect.ts";
import * as input from "../../databases/input.ts";
import { showPassword, standingOf } from "../../databases/password-of.ts";
import { changeDatabaseSettings } from "../../databases/settings.ts";
import { patternOf } from "../../databases/want-account.ts";
import { notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import { browseDatabase } from "../../tickets/browse-database.ts";
import { assetIdsOf } from "../../tickets/kinds/kinds.ts";
import { findTicket } from "../../tickets/tickets.ts";
import * as output from "../database-output.ts";
import { nothing } from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Databases";
const managing = needs("accounts.manage");

export const databasesRouter = router({
  catalogue: needs("tickets.open")
    .meta({
      rest: {
        method: "GET",
        path: "/assets/{assetId}/catalogue",
        tag,
        summary: "Databases, schemas and tables of a server that may be asked for, as they are now",
      },
    })
    .input(input.browse)
    .output(output.catalogue)
    .query(({ ctx, input: given }) => browseDatabase(ctx.hub.databases, ctx.actor, given, ctx.hub.tickets.clock.now())),
  ofTicket: signedIn
    .meta({
      rest: { method: "GET", path: "/tickets/{id}/database-account", tag, summary: "How the account that a ticket gives stands" },
    })
    .input(byId)
    .output(output.account)
    .query(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.tickets;
      const now = clock.now();
      const { ticket } = await findTicket(db, ctx.actor, id, now);
      const standing = ticket.grantId === null ? null : await standingOf(db, ctx.actor.orgId, ticket.grantId, now);
      const target = await findAsset(db, ctx.actor.orgId, assetIdsOf(ticket.asked)[0] ?? "");
      const service = target === null ? null : databaseServiceOf(target.asset);
      if (standing === null || service === null) return { account: null };
      const { port, protocol } = service;
      const checksCertificate = target !== null && (await certificateCheckOf(db, target.asset.id)) !== null;
      return {
        account: { ...standing, lookedAt: standing.lookedAt?.toISOString() ?? null, port, protocol, checksCertificate },
      };
    }),
  password: signedIn
    .meta({
      rest: {
        method: "POST",
        path: "/tickets/{id}/database-password",
        tag,
        summary: "The password of the account that a ticket gives, to whom it is for, while it is ready; on record",
      },
    })
    .input(byId)
    .output(output.password)
    .mutation(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.tickets;
      const { ticket } = await findTicket(db, ctx.actor, id, clock.now());
      if (ticket.requesterId !== ctx.actor.id || ticket.grantId === null) throw notFound("ticket");
      return showPassword(ctx.hub.databases, ctx.actor, { grantId: ticket.grantId, ticketId: id });
    }),
  settings: managing
    .meta({ rest: { method: "GET", path: "/database-settings", tag, summary: "How accounts that requests give are called" } })
    .output(output.settings)
    .query(async ({ ctx }) => ({ namePattern: await patternOf(ctx.hub.databases.db, ctx.actor.orgId) })),
  changeSettings: managing
    .meta({
      rest: {
        method: "POST",
        path: "/database-settings",
        tag,
        summary: "Change how they are called; those there are keep their names",
      },
    })
    .input(input.settings)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeDatabaseSettings(ctx.hub.databases, ctx.actor, given);
      return {};
    }),
});

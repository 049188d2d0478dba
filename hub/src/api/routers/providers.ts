// Systems that recognise people: what administrators set up, and the way there from the sign-in page.
import * as input from "../../federation/input.ts";
import { changeProvider, createProvider, removeProvider, testProvider } from "../../federation/manage-providers.ts";
import { beginOidc, callbackPath } from "../../federation/oidc-sign-in.ts";
import { presentOffer, presentProvider } from "../../federation/present.ts";
import { countRecognised, listOffered, listProviders, mappingsOf } from "../../federation/providers.ts";
import { byId } from "../../platform/input.ts";
import { assertNotGuessing } from "../guessing.ts";
import { baseUrl } from "../links.ts";
import { created, listOf, nothing } from "../output.ts";
import * as output from "../people-output.ts";
import { needs, open, router } from "../trpc.ts";

const tag = "Sign-in providers";
const managing = needs("settings.manage");

export const providersRouter = router({
  list: managing
    .meta({ rest: { method: "GET", path: "/providers", tag, summary: "Systems that may recognise people, by name" } })
    .output(listOf(output.provider))
    .query(async ({ ctx }) => {
      const { db } = ctx.hub.identity;
      const rows = await listProviders(db, ctx.actor.orgId);
      return {
        items: await Promise.all(
          rows.map(async (row) =>
            presentProvider(
              row,
              await mappingsOf(db, row.id),
              await countRecognised(db, row.id),
              `${baseUrl(ctx)}${callbackPath(row.id)}`,
            ),
          ),
        ),
      };
    }),
  create: managing
    .meta({ rest: { method: "POST", path: "/providers", status: 201, tag, summary: "Add one; for people in the console only" } })
    .input(input.createProvider)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createProvider(ctx.hub.federation, ctx.actor, given) })),
  change: managing
    .meta({ rest: { method: "POST", path: "/providers/{id}", tag, summary: "Change one; for people in the console only" } })
    .input(input.changeProvider)
    .output(nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeProvider(ctx.hub.federation, ctx.actor, given);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "DELETE", path: "/providers/{id}", tag, summary: "Remove one; its people stay" } })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeProvider(ctx.hub.federation, ctx.actor, id);
      ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people");
      return {};
    }),
  test: managing
    .meta({ rest: { method: "POST", path: "/providers/{id}/test", tag, summary: "Ask whether it answers, and why not" } })
    .input(byId)
    .output(output.providerTest)
    .mutation(({ ctx, input: { id } }) => testProvider(ctx.hub.federation, ctx.actor, id)),
  /** The buttons of the sign-in page. */
  offered: open.query(async ({ ctx }) => ({ items: (await listOffered(ctx.hub.identity.db)).map(presentOffer) })),
  begin: open.input(input.beginElsewhere).mutation(async ({ ctx, input: given }) => {
    assertNotGuessing(ctx);
    const { url, setCookie } = await beginOidc(ctx.hub.federation, given, baseUrl(ctx), ctx.origin);
    ctx.setCookies([setCookie]);
    return { url };
  }),
});

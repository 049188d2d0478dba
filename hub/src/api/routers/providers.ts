// Systems that recognise people: what administrators set up, and the way there from the sign-in page.
import * as input from "../../federation/input.ts";
import { confirmByDirectory, signInLdap } from "../../federation/ldap-sign-in.ts";
import {
  changeProvider,
  checkProvider,
  createProvider,
  removeProvider,
  testProvider,
} from "../../federation/manage-providers.ts";
import { beginOidc, callbackPath } from "../../federation/oidc-sign-in.ts";
import { presentOffer, presentProvider } from "../../federation/present.ts";
import { countRecognised, findProviderOfSignIn, listOffered, listProviders, mappingsOf } from "../../federation/providers.ts";
import { offered } from "../../identity/input.ts";
import { byId } from "../../platform/input.ts";
import { assertNotGuessing } from "../guessing.ts";
import { baseUrl } from "../links.ts";
import { created, listOf, nothing } from "../output.ts";
import * as output from "../people-output.ts";
import { needs, open, router, signedIn } from "../trpc.ts";

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
  check: managing
    .meta({ rest: { method: "POST", path: "/providers/{id}/check", tag, summary: "Sign out who is no longer in a directory" } })
    .input(byId)
    .output(output.checked)
    .mutation(async ({ ctx, input: { id } }) => {
      const { federation, endWorkOf } = ctx.hub;
      const gone = await checkProvider(federation, endWorkOf, ctx.actor, id);
      ctx.hub.fleet.changes.announce(ctx.actor.orgId, "people");
      return { gone };
    }),
  signInLdap: open.input(input.signInLdap).mutation(async ({ ctx, input: given }) => {
    assertNotGuessing(ctx);
    const { stage, setCookie } = await signInLdap(ctx.hub.federation, given, ctx.origin);
    ctx.setCookies(setCookie);
    return { stage };
  }),
  /** The system that this sign-in came from; null for a password or passkey of this hub. */
  current: signedIn.query(async ({ ctx }) => {
    const { via } = ctx.actor;
    const row = via.kind === "session" ? await findProviderOfSignIn(ctx.hub.identity.db, via.sessionId) : null;
    return row === null ? null : presentOffer(row);
  }),
  /** As auth.confirm, with the password of the directory that this sign-in came from. */
  confirm: signedIn.input(input.confirmLdap).mutation(async ({ ctx, input: { password } }) => {
    await confirmByDirectory(ctx.hub.federation, ctx.actor, password);
    return {};
  }),
  /** The buttons of the sign-in page. */
  offered: open.input(offered).query(async ({ ctx, input: { org } }) => {
    const { own, providers } = await listOffered(ctx.hub.identity.db, org);
    return { own, items: providers.map(presentOffer) };
  }),
  begin: open.input(input.beginElsewhere).mutation(async ({ ctx, input: given }) => {
    assertNotGuessing(ctx);
    const { url, setCookie } = await beginOidc(ctx.hub.federation, given, baseUrl(ctx), ctx.origin);
    ctx.setCookies([setCookie]);
    return { url };
  }),
});

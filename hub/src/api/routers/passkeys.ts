// Passkeys: one's own, and signing in with one.
import * as input from "../../identity/input.ts";
import {
  beginPasskey,
  beginPasskeySignIn,
  finishPasskey,
  listPasskeys,
  removePasskey,
  renamePasskey,
  type Site,
  signInWithPasskey,
} from "../../identity/passkeys.ts";
import { presentPasskey } from "../../identity/present.ts";
import { byId } from "../../platform/input.ts";
import { assertNotGuessing } from "../guessing.ts";
import { baseUrl } from "../links.ts";
import { type Context, open, router, signedIn } from "../trpc.ts";

export const passkeysRouter = router({
  list: signedIn.query(async ({ ctx }) => ({
    items: (await listPasskeys(ctx.hub.identity.db, ctx.actor.id)).map(presentPasskey),
  })),
  begin: signedIn.mutation(({ ctx }) => beginPasskey(ctx.hub.identity, ctx.actor, siteOf(ctx))),
  finish: signedIn
    .input(input.finishPasskey)
    .mutation(async ({ ctx, input: given }) => ({ id: await finishPasskey(ctx.hub.identity, ctx.actor, siteOf(ctx), given) })),
  rename: signedIn.input(input.renamePasskey).mutation(async ({ ctx, input: given }) => {
    await renamePasskey(ctx.hub.identity, ctx.actor, given);
    return {};
  }),
  remove: signedIn.input(byId).mutation(async ({ ctx, input: { id } }) => {
    await removePasskey(ctx.hub.identity, ctx.actor, id);
    return {};
  }),
  beginSignIn: open.mutation(({ ctx }) => {
    assertNotGuessing(ctx);
    return beginPasskeySignIn(ctx.hub.identity, siteOf(ctx));
  }),
  signIn: open.input(input.passkeyAnswer).mutation(async ({ ctx, input: response }) => {
    assertNotGuessing(ctx);
    const { setCookie } = await signInWithPasskey(ctx.hub.identity, response, siteOf(ctx), ctx.origin, ctx.cookie);
    ctx.setCookies(setCookie);
    return {};
  }),
});

/**
 * The host the browser speaks to. Whoever forges it gains nothing: the device signs for the host it sees. A proxy that speaks TLS for us
 * hides the scheme, so both are taken where no public address is set.
 */
export function siteOf(ctx: Context): Site {
  const { hostname, host, origin } = new URL(baseUrl(ctx));
  return { host: hostname, origins: ctx.hub.config.publicUrl === undefined ? [`https://${host}`, `http://${host}`] : [origin] };
}

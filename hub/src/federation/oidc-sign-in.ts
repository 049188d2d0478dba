// Signing in at a provider: there with a state, back with a code. What ties the two is in the browser's cookie and under a MAC in the state, so
// that open ones cost no memory here, another browser's does not count, and each counts once.
import { randomBytes } from "node:crypto";
import * as oidc from "openid-client";
import { z } from "zod";
import type { Origin } from "../identity/deps.ts";
import { notFound } from "../platform/errors.ts";
import { type FederationDeps, stateLifetimeMs } from "./deps.ts";
import { enter, recordingRefusal } from "./enter.ts";
import { consolePath, type OidcSettings } from "./input.ts";
import { clientOf, exchange, type OidcClaims } from "./oidc-client.ts";
import { openProviderSecret } from "./provider-secret.ts";
import { findActiveProvider } from "./providers.ts";
import { refused } from "./refused.ts";
import type { ProviderRow } from "./schema.ts";

const cookieName = "sallyport.oidc";
const cookieAttributes = "Path=/oidc/; HttpOnly; Secure; SameSite=Lax";
/** Clocks of two machines differ; a provider may count whole seconds. */
const againWithinSeconds = 60;

/** What the browser keeps while the person is at the provider. */
const journey = z.object({
  provider: z.string().max(64),
  nonce: z.string().max(100),
  verifier: z.string().max(128),
  next: consolePath,
  again: z.boolean(),
});
type Journey = z.infer<typeof journey>;

/** Each provider has an address of its own to come back to, so that an answer of one is never taken for another's (RFC 9700 §4.4). */
export const callbackPath = (providerId: string): string => `/oidc/${providerId}/callback`;
export const callbackOf = (path: string): string | null => /^\/oidc\/(idp_[a-z0-9]{1,60})\/callback$/.exec(path)?.[1] ?? null;

/**
 * Where to send the browser, and its cookie.
 * @throws HubError `not-found` for a provider that is unknown or switched off, `provider-refused` when it does not answer.
 */
export async function beginOidc(
  deps: FederationDeps,
  input: { id: string; next: string; again: boolean },
  hubUrl: string,
  origin: Origin,
): Promise<{ url: string; setCookie: string }> {
  const { provider, settings } = await oidcProvider(deps, input.id);
  const configuration = await recordingRefusal(deps, provider, origin, () => configurationOf(deps, provider, settings));
  const going: Journey = {
    provider: provider.id,
    nonce: randomBytes(24).toString("base64url"),
    verifier: oidc.randomPKCECodeVerifier(),
    next: input.next,
    again: input.again,
  };
  const state = Buffer.from(deps.states.make(purposeOf(going), deps.identity.clock.now())).toString("base64url");
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: `${hubUrl}${callbackPath(provider.id)}`,
    response_type: "code",
    scope: [...new Set(["openid", "profile", "email", ...settings.scopes])].join(" "),
    state,
    nonce: going.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(going.verifier),
    code_challenge_method: "S256",
    ...(going.again ? { prompt: "login", max_age: "0" } : {}),
  });
  const value = Buffer.from(JSON.stringify(going)).toString("base64url");
  return { url: url.href, setCookie: `${cookieName}=${value}; Max-Age=${stateLifetimeMs / 1_000}; ${cookieAttributes}` };
}

export const noJourney = `${cookieName}=; Max-Age=0; ${cookieAttributes}`;

/**
 * The way back. Returns the cookies of the sign-in and the console's page to go on with.
 * @throws HubError `provider-refused`; `not-found` for an unknown provider.
 */
export async function finishOidc(
  deps: FederationDeps,
  { id, query, cookie, hubUrl }: { id: string; query: URLSearchParams; cookie: string | undefined; hubUrl: string },
  origin: Origin,
): Promise<{ setCookie: string[]; next: string }> {
  const { provider, settings } = await oidcProvider(deps, id);
  const now = deps.identity.clock.now();
  const going = readJourney(cookie);
  const state = query.get("state") ?? "";
  if (going === null || going.provider !== provider.id || !deps.states.holds(state, purposeOf(going), now))
    throw refused("state");
  // Before the code is used, so that of two answers to one question one counts. Only who was sent there with this state comes here.
  if (!deps.states.useUp(state, now)) throw refused("state");
  const said = await recordingRefusal(deps, provider, origin, async () => {
    if (query.has("error")) throw refused("declined");
    const back = new URL(`${hubUrl}${callbackPath(provider.id)}?${query}`);
    return proven(await configurationOf(deps, provider, settings), settings, back, state, going);
  });
  const { setCookie } = await enter(deps, provider, said, shownAt(said, going, now), origin);
  return { setCookie, next: going.next };
}

async function oidcProvider(deps: FederationDeps, id: string): Promise<{ provider: ProviderRow; settings: OidcSettings }> {
  const provider = await findActiveProvider(deps.identity.db, id);
  if (provider === null || provider.settings.kind !== "oidc") throw notFound("provider");
  return { provider, settings: provider.settings };
}

async function configurationOf(deps: FederationDeps, provider: ProviderRow, settings: OidcSettings): Promise<oidc.Configuration> {
  const secret = openProviderSecret(deps.vault, provider);
  return clientOf({ id: provider.id, settings }, secret, deps.identity.clock.now().getTime()).catch((cause: unknown) => {
    throw refused("unreachable", cause);
  });
}

function proven(
  configuration: oidc.Configuration,
  settings: OidcSettings,
  back: URL,
  state: string,
  { nonce, verifier, again }: Journey,
): Promise<OidcClaims> {
  const checks = { state, nonce, verifier, maxAgeSeconds: again ? againWithinSeconds : null };
  return exchange(configuration, settings, back, checks).catch((cause: unknown) => {
    throw refused("proof", cause);
  });
}

/** A provider that knew the browser has asked the person for nothing just now: then it says when it did, or nobody knows. */
const shownAt = ({ authenticatedAt }: OidcClaims, { again }: Journey, now: Date): Date | null =>
  again ? now : authenticatedAt !== null && authenticatedAt > now ? now : authenticatedAt;

const purposeOf = (going: Journey): string =>
  JSON.stringify([going.provider, going.nonce, going.verifier, going.next, going.again]);

function readJourney(cookie: string | undefined): Journey | null {
  const value = /(?:^|; )sallyport\.oidc=([A-Za-z0-9_-]{1,2000})(?:;|$)/.exec(cookie ?? "")?.[1];
  if (value === undefined) return null;
  try {
    return journey.safeParse(JSON.parse(Buffer.from(value, "base64url").toString())).data ?? null;
  } catch {
    return null;
  }
}

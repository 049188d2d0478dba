// OpenID Connect as a client: discovery, the way to the provider, and the proof it sends back. Everything that came from a provider is
// checked here and nowhere else.
import * as oidc from "openid-client";
import type { OidcSettings } from "./input.ts";

/** A provider that does not answer must not hold a browser longer. */
const answerWithinSeconds = 10;
/** Discovery documents, key sets and tokens are a few kilobytes. */
const answerBytesMax = 1_000_000;
/** A changed endpoint or a new key is seen after this, or at the next change of the settings. */
const keptMs = 5 * 60_000;
const clientsMax = 200;
const namesMax = 1_000;

type Client = { configuration: oidc.Configuration; until: number };
const clients = new Map<string, Client>();

export const forgetClient = (providerId: string): void => void clients.delete(providerId);

/** A client that has read the provider's discovery document. @throws what the library or the network says. */
export async function discover(settings: OidcSettings, secret: string | null): Promise<oidc.Configuration> {
  const issuer = new URL(settings.issuer);
  return oidc.discovery(issuer, settings.clientId, {}, secret === null ? oidc.None() : clientAuthentication(secret), {
    timeout: answerWithinSeconds,
    [oidc.customFetch]: boundedFetch,
    execute: [
      // The token comes over TLS that we checked, and the standard would leave it at that; a proxy of the provider's should not be enough.
      oidc.enableNonRepudiationChecks,
      ...(issuer.protocol === "http:" ? [oidc.allowInsecureRequests] : []),
    ],
  });
}

/** The same for some minutes, so that a page full of visitors does not become a page full of requests elsewhere. */
export async function clientOf(
  provider: { id: string; settings: OidcSettings },
  secret: string | null,
  nowMs: number,
): Promise<oidc.Configuration> {
  const kept = clients.get(provider.id);
  if (kept !== undefined && kept.until > nowMs) return kept.configuration;
  const configuration = await discover(provider.settings, secret);
  clients.delete(provider.id);
  clients.set(provider.id, { configuration, until: nowMs + keptMs });
  for (const oldest of clients.keys()) {
    if (clients.size <= clientsMax) break;
    clients.delete(oldest);
  }
  return configuration;
}

/** As the provider wants it: in the header unless it takes it in the body only (RFC 6749 §2.3.1). */
function clientAuthentication(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    return (methods === undefined || methods.includes("client_secret_basic") ? basic : post)(server, client, body, headers);
  };
}

/** fetch whose answers end: a provider, or who answers in its place, cannot fill this process. */
const boundedFetch: oidc.CustomFetch = async (url, options) => {
  const { body, ...rest } = options;
  const response = await fetch(url, { ...rest, ...(body === undefined || body === null ? {} : { body: toBody(body) }) });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > answerBytesMax) throw new Error(`the provider's answer is longer than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  const empty = response.status === 204 || response.status === 304;
  return new Response(empty ? null : Buffer.concat(parts), { status: response.status, headers: response.headers });
};

const toBody = (body: Exclude<oidc.FetchBody, null | undefined>): BodyInit =>
  body instanceof Uint8Array ? Uint8Array.from(body) : body;

export type OidcClaims = {
  subject: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  username: string | null;
  groups: string[];
  /** When the person signed in there, as the provider says; null when it does not. */
  authenticatedAt: Date | null;
};

/**
 * Exchanges the code and checks the proof: issuer, audience, nonce, signature, times, PKCE.
 * @throws what the library says when any is wrong.
 */
export async function exchange(
  configuration: oidc.Configuration,
  settings: OidcSettings,
  back: URL,
  checks: { state: string; nonce: string; verifier: string; maxAgeSeconds: number | null },
): Promise<OidcClaims> {
  const tokens = await oidc.authorizationCodeGrant(configuration, back, {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.verifier,
    idTokenExpected: true,
    ...(checks.maxAgeSeconds === null ? {} : { maxAge: checks.maxAgeSeconds }),
  });
  const token = tokens.claims();
  if (token === undefined) throw new Error("no id_token");
  // Many providers say the groups, or even the address, only here.
  const more =
    configuration.serverMetadata().userinfo_endpoint === undefined
      ? {}
      : await oidc.fetchUserInfo(configuration, tokens.access_token, token.sub);
  const said: Record<string, unknown> = { ...more, ...token };
  return {
    subject: token.sub,
    email: textOf(said["email"]),
    emailVerified: said["email_verified"] === true,
    name: textOf(said["name"]),
    username: textOf(said[settings.usernameClaim]),
    groups: namesOf(said[settings.groupsClaim]),
    authenticatedAt: typeof token.auth_time === "number" ? new Date(token.auth_time * 1_000) : null,
  };
}

/** Texts of PostgreSQL hold no NUL and no half character. */
const textOf = (value: unknown): string | null =>
  typeof value === "string" && value.length <= 500 && value !== "" && !value.includes("\0") && value.isWellFormed()
    ? value
    : null;

const namesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value.slice(0, namesMax) : [value]).flatMap((one) => textOf(one) ?? []);

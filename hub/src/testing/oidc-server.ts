// A real OpenID provider on this machine, whose answers a test may spoil on their way out; and a browser that goes there and comes back.
import { createSign, generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Configuration, Provider } from "oidc-provider";
import { TestClient } from "./test-client.ts";

export type OidcPerson = Record<string, unknown>;
type Claims = Record<string, unknown>;

/** What leaves the provider otherwise than it should. */
export type Spoiled = {
  idToken?: (claims: Claims, sign: (claims: Claims) => string) => string;
  discovery?: (document: Claims) => Claims;
  userinfo?: (claims: Claims) => Claims;
};

export type OidcServer = AsyncDisposable & {
  issuer: string;
  /** By subject; what is changed here is said at the next sign-in. */
  people: Map<string, OidcPerson>;
  spoiled: Spoiled;
  /** The address people are sent back to; before that it recognises nobody. */
  allow(callback: string): void;
};

export const oidcClient = { id: "sallyport", secret: "the-client-secret-of-this-test" };

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
export const unsigned = (claims: Claims): string => `${part({ alg: "none" })}.${part(claims)}.`;

export async function startOidcServer(): Promise<OidcServer> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const people = new Map<string, OidcPerson>();
  let handler: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => void handler(request, response));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const issuer = `http://127.0.0.1:${port}`;
  const made: OidcServer = {
    issuer,
    people,
    spoiled: {},
    allow: (callback) => {
      handler = handlerOf(makeProvider(callback));
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const configurationOf = (callback: string): Configuration => ({
    clients: [{ client_id: oidcClient.id, client_secret: oidcClient.secret, redirect_uris: [callback] }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" }] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups"] },
    findAccount: (_ctx, sub) => {
      const person = people.get(sub);
      return person === undefined ? undefined : { accountId: sub, claims: () => ({ sub, ...person }) };
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ["a key of this test alone"] },
    ttl: { Session: 600, Interaction: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
  });
  const sign = (claims: Claims): string => {
    const text = `${part({ alg: "RS256", kid: "test" })}.${part(claims)}`;
    return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey).toString("base64url")}`;
  };
  const makeProvider = (callback: string): Provider => {
    const provider = new Provider(issuer, configurationOf(callback));
    provider.use(async (ctx, next) => {
      await next();
      const { idToken, discovery, userinfo } = made.spoiled;
      const body: Claims = typeof ctx.body === "object" && ctx.body !== null ? { ...ctx.body } : {};
      if (ctx.path === "/token" && idToken !== undefined && typeof body["id_token"] === "string") {
        const claims: Claims = JSON.parse(Buffer.from(body["id_token"].split(".")[1] ?? "", "base64url").toString());
        ctx.body = { ...body, id_token: idToken(claims, sign) };
      }
      if (ctx.path.startsWith("/.well-known") && discovery !== undefined) ctx.body = discovery(body);
      if (ctx.path === "/me" && userinfo !== undefined) ctx.body = userinfo(body);
    });
    return provider;
  };
  /** Signs in whoever the browser's cookie names, without a page. */
  const handlerOf = (provider: Provider) => {
    const callback = provider.callback();
    return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      if (request.url?.startsWith("/interaction/") !== true) return void callback(request, response);
      const { params, prompt } = await provider.interactionDetails(request, response);
      const sub = /who=([a-z0-9-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
      if (prompt.name === "login" || !people.has(sub))
        return provider.interactionFinished(
          request,
          response,
          people.has(sub) ? { login: { accountId: sub } } : { error: "access_denied" },
        );
      const grant = new provider.Grant({ accountId: sub, clientId: String(params["client_id"]) });
      grant.addOIDCScope("openid profile email");
      return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
    };
  };
  return made;
}

export type Journey = { callback: string; cookie: string };

const cookiesOf = (response: Response): string[] => response.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? "");

/** A browser goes to the provider as somebody, and stands before the way back. */
export async function goToProvider(hubUrl: string, id: string, sub: string, more: object = {}): Promise<Journey> {
  const begun = await new TestClient(hubUrl).post("providers.begin", { id, ...more });
  const { result }: { result?: { data: { url: string } } } = await begun.json();
  if (result === undefined) throw new Error(`not begun: ${begun.status}`);
  const [cookie = ""] = cookiesOf(begun);
  const jar = new Map([["who", `who=${sub}`]]);
  let url = result.data.url;
  // A sign-in and a consent are four steps; more is a loop.
  for (let step = 0; step < 10; step++) {
    const response = await fetch(url, { redirect: "manual", headers: { cookie: [...jar.values()].join("; ") } });
    for (const one of cookiesOf(response)) jar.set(one.split("=")[0] ?? "", one);
    const location = response.headers.get("location");
    if (location === null) throw new Error(`the provider answers ${response.status}: ${await response.text()}`);
    url = new URL(location, url).href;
    if (url.startsWith(hubUrl)) return { callback: url, cookie };
  }
  throw new Error("the provider sends the browser round and round");
}

/** The way back: where the hub sends the browser, and who it is then. */
export async function comeBack(hubUrl: string, { callback, cookie }: Journey): Promise<{ location: string; client: TestClient }> {
  const response = await fetch(callback, { redirect: "manual", headers: { cookie } });
  const cookies = cookiesOf(response).filter((one) => one.startsWith("sallyport.session_token="));
  return { location: response.headers.get("location") ?? "", client: new TestClient(hubUrl, { cookie: cookies.join("; ") }) };
}

export const signInAt = async (hubUrl: string, id: string, sub: string, more: object = {}) =>
  comeBack(hubUrl, await goToProvider(hubUrl, id, sub, more));

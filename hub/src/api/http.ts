// Every HTTP request, in one place: headers that all answers carry, then who serves which path.

import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { ZodError } from "zod";
import { callbackOf, finishOidc, noJourney } from "../federation/oidc-sign-in.ts";
import { reasonOf, refused } from "../federation/refused.ts";
import { may } from "../identity/actor.ts";
import { databaseAway } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { type AgentFiles, serveAgentEndpoint } from "./agent-endpoints.ts";
import { bodyBytesFor, bodyBytesMax, readJson } from "./body.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { ApiDeps } from "./deps.ts";
import { baseUrl } from "./links.ts";
import { createMetrics } from "./metrics.ts";
import { serveRaw } from "./raw.ts";
import { actorOf, addressOf, assertOwnOrigin, callerOf, originOf } from "./request.ts";
import { answerRest, openApiDocument, problemOf, restPrefix } from "./rest.ts";
import { appRouter } from "./router.ts";
import { type Context, toHubError } from "./trpc.ts";

export type HttpDeps = { hub: ApiDeps; console: ConsoleFiles; agentFiles: AgentFiles };

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

export function createHttpHandler(deps: HttpDeps): HttpHandler {
  const metrics = createMetrics(deps.hub);
  const document = JSON.stringify(openApiDocument(deps.hub.version));

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { hub } = deps;
    commonHeaders(request, response);
    if (!URL.canParse(request.url ?? "/", "http://hub"))
      throw new HubError("bad-input", "The request's path cannot be read.", { facts: { fields: "path" } });
    const url = new URL(request.url ?? "/", "http://hub");
    const { pathname } = url;
    if (pathname === "/healthz") return text(response, 200, "ok\n");
    if (pathname === "/readyz") return readiness(hub, response);
    if (pathname === "/metrics") return serveMetrics();
    if (pathname === "/trpc" || pathname.startsWith("/trpc/")) return serveTrpc();
    if (pathname === `${restPrefix}/openapi.json`)
      return void response.writeHead(200, { "content-type": "application/json" }).end(document);
    if (pathname.startsWith(`${restPrefix}/`)) return serveRest();
    const providerId = callbackOf(pathname);
    if (providerId !== null) return comeBack(providerId);
    if (pathname === "/install.sh" || pathname.startsWith("/agent/")) {
      if (await serveAgentEndpoint(hub, deps.agentFiles, request, response, pathname)) return;
      throw new HubError("not-found", "There is nothing here.", { facts: { what: "page" } });
    }
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new HubError("bad-input", "Only GET is served here.", { facts: { fields: "method" } });
    deps.console.serve(request, response, pathname, () => text(response, 404, "Not found\n"));

    async function context(): Promise<Context> {
      const actor = await callerOf(hub.identity, request);
      return {
        hub,
        actor,
        origin: originOf(request),
        host: request.headers.host ?? null,
        secure: "encrypted" in request.socket,
        cookie: request.headers.cookie,
        setCookies: (cookies) => response.appendHeader("set-cookie", cookies),
      };
    }

    async function serveTrpc(): Promise<void> {
      if (request.method !== "GET") assertOwnOrigin(request, hub.config.publicUrl);
      response.setHeader("cache-control", "private, no-store");
      const name = pathname.slice("/trpc/".length);
      const mostIfKnown = bodyBytesFor(name, true);
      const isKnown = mostIfKnown > bodyBytesMax && (await callerOf(hub.identity, request)) !== null;
      await nodeHTTPRequestHandler({
        router: appRouter,
        req: request,
        res: response,
        path: name,
        createContext: context,
        maxBodySize: isKnown ? mostIfKnown : bodyBytesMax,
      });
    }

    async function serveRest(): Promise<void> {
      const ctx = await context();
      if (ctx.actor === null) {
        response.setHeader("www-authenticate", "Bearer");
        throw new HubError("not-signed-in", "Sign in first, or send an access key: Authorization: Bearer sp_….");
      }
      if (request.method !== "GET" && request.method !== "HEAD") assertOwnOrigin(request, hub.config.publicUrl);
      const path = pathname.slice(restPrefix.length);
      if (await serveRaw(hub, ctx.actor, path, request, response, url.searchParams)) return;
      const answer = await answerRest(ctx, {
        method: request.method ?? "GET",
        path,
        query: url.searchParams,
        body: request.method === "GET" ? undefined : await readJson(request, bodyBytesFor(path, true)),
        onceKey: request.headersDistinct["idempotency-key"]?.join(", ") ?? null,
      });
      if (answer === null)
        throw new HubError("not-found", "There is no such path. See /api/v1/openapi.json.", { facts: { what: "path" } });
      response
        .writeHead(answer.status, { "content-type": "application/json", "cache-control": "private, no-store" })
        .end(JSON.stringify(answer.body));
    }

    /** A browser that a provider sends back: into the console, or to the sign-in page with the reason why not. */
    async function comeBack(id: string): Promise<void> {
      response.setHeader("cache-control", "private, no-store");
      response.appendHeader("set-cookie", noJourney);
      const hubUrl = baseUrl({ hub, host: request.headers.host ?? null, secure: "encrypted" in request.socket });
      const back = { id, query: url.searchParams, cookie: request.headers.cookie, hubUrl };
      try {
        if (request.method !== "GET") throw refused("state");
        const { setCookie, next } = await finishOidc(hub.federation, back, originOf(request));
        response.appendHeader("set-cookie", setCookie);
        response.writeHead(303, { location: next }).end();
      } catch (error) {
        const reason = reasonOf(error);
        if (reason === null) throw error;
        response.writeHead(303, { location: `/sign-in?refused=${reason}` }).end();
      }
    }

    async function serveMetrics(): Promise<void> {
      // Counts of a bastion are nobody else's business: this machine's own scraper, or somebody who may read the fleet.
      const address = addressOf(request);
      const local = address === "127.0.0.1" || address === "::1";
      const actor = local ? null : await actorOf(hub.identity, request);
      if (!local && (actor === null || !may(actor, "fleet.read")))
        throw new HubError(
          "not-signed-in",
          "From outside this machine metrics need an access key of somebody who may read the fleet.",
        );
      response.writeHead(200, { "content-type": metrics.contentType }).end(await metrics.metrics());
    }
  };

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      const known = error instanceof ZodError ? toHubError(error) : error instanceof HubError ? error : databaseAway(error);
      if (known === null && !isGone(error))
        deps.hub.sessions.log.error({ path: request.url?.split("?")[0] ?? "", ...errorFields(error) }, "request failed");
      const shown = known ?? new HubError("internal", "Something went wrong in the hub; its log says what.");
      if (response.headersSent) {
        response.destroy();
        return;
      }
      response
        .writeHead(shown.status, { "content-type": "application/problem+json", "cache-control": "no-store" })
        .end(JSON.stringify(problemOf(shown, request.url?.split("?")[0] ?? "")));
    });
  };
}

/** The other side closed: nothing to report. */
const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ERR_STREAM_PREMATURE_CLOSE" || error.code === "ECONNRESET" || error.code === "ERR_STREAM_UNABLE_TO_PIPE");

function commonHeaders(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), microphone=(), geolocation=()");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  if ("encrypted" in request.socket) response.setHeader("strict-transport-security", "max-age=31536000");
}

const text = (response: ServerResponse, status: number, body: string): void =>
  void response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }).end(body);

async function readiness(hub: ApiDeps, response: ServerResponse): Promise<void> {
  try {
    await hub.database.ping();
    text(response, 200, "ready\n");
  } catch {
    text(response, 503, "the database does not answer\n");
  }
}

// tRPC, set up once: the context, the errors, and the three kinds of procedure.

import { initTRPC, TRPCError } from "@trpc/server";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server/rpc";
import { ZodError } from "zod";
import { type Actor, assertMay } from "../identity/actor.ts";
import type { Origin } from "../identity/deps.ts";
import type { Permission } from "../identity/schema.ts";
import { databaseAway } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import type { ApiDeps } from "./deps.ts";
import { assertInScope } from "./key-scopes.ts";

export type Context = {
  hub: ApiDeps;
  actor: Actor | null;
  origin: Origin;
  /** Host header, for links and the install line. */
  host: string | null;
  /** True on TLS, or where a proxy speaks TLS for us. */
  secure: boolean;
  /** As it came; for what a sign-in half-way may do. */
  cookie: string | undefined;
  setCookies(cookies: string[]): void;
};

/** How a procedure appears under /api/v1; without it, it does not. */
export type Meta = {
  rest?: {
    method: "GET" | "POST" | "DELETE";
    path: `/${string}`;
    status?: number;
    summary: string;
    tag: string;
    /** Takes the header Idempotency-Key; see only-once.ts. Its answer is kept for a while, so it holds no secret. */
    once?: boolean;
  };
};

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    errorFormatter: ({ shape, error }) => {
      const known = toHubError(error);
      return {
        ...shape,
        message: known.message,
        data: { code: shape.data.code, httpStatus: known.status, hubCode: known.code, facts: known.facts, path: shape.data.path },
      };
    },
  });

/** What is told of an error: a HubError as it is, bad input by its fields, anything else as `internal`. */
export function toHubError(error: unknown): HubError {
  const cause = error instanceof TRPCError ? (error.cause ?? error) : error;
  if (cause instanceof HubError) return cause;
  if (cause instanceof ZodError) {
    const fields = cause.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "request"} ${issue.message}`);
    return new HubError("bad-input", `The request is not right: ${fields.join("; ")}.`, {
      facts: { fields: fields.join("; ") },
      cause,
    });
  }
  const away = databaseAway(cause);
  if (away !== null) return away;
  if (error instanceof TRPCError && error.code === "NOT_FOUND")
    return new HubError("not-found", error.message, { facts: { what: "procedure" } });
  if (error instanceof TRPCError && error.code === "PAYLOAD_TOO_LARGE") return new HubError("too-large", error.message);
  if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR")
    return new HubError("bad-input", error.message, { facts: { fields: error.message } });
  return new HubError("internal", "Something went wrong in the hub; its log says what.", { cause: error });
}

const trpcCodes: Record<number, TRPC_ERROR_CODE_KEY> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  410: "BAD_REQUEST",
  413: "PAYLOAD_TOO_LARGE",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};

export const router = t.router;
export const createCaller = t.createCallerFactory;

const refused = (error: HubError): TRPCError =>
  new TRPCError({ code: trpcCodes[error.status] ?? "INTERNAL_SERVER_ERROR", message: error.message, cause: error });

/** Where in the input a text stands that PostgreSQL cannot store, as a path; null when there is none. */
function unstorableAt(value: unknown, at = ""): string | null {
  if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? at : null;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = unstorableAt(key, at) ?? unstorableAt(inner, at === "" ? key : `${at}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** Gives errors their status, and logs those that nobody expected. */
const procedure = t.procedure.use(async ({ next, path, ctx, getRawInput }) => {
  // A body that cannot be read is refused by whoever takes input. Procedures without any get none: the console sends them an empty body.
  const bad = unstorableAt(await getRawInput().catch(() => undefined));
  if (bad !== null)
    throw refused(
      new HubError("bad-input", `${bad || "The request"} contains a NUL or half a character, which no text has.`, {
        facts: { fields: bad || "request" },
      }),
    );
  const result = await next();
  if (result.ok) return result;
  const known = toHubError(result.error);
  if (known.code === "internal")
    ctx.hub.sessions.log.error({ procedure: path, ...errorFields(result.error.cause ?? result.error) }, "procedure failed");
  throw refused(known);
});

/** For nobody in particular: sign-in, set-up, invitations. Everything else must not use it. */
export const open = procedure;

/** For anybody signed in. */
export const signedIn = procedure.use(({ ctx, next, path }) => {
  if (ctx.actor === null) throw new HubError("not-signed-in", "Sign in first, or send an access key.");
  assertInScope(ctx.actor, path);
  return next({ ctx: { ...ctx, actor: ctx.actor } });
});

/** For those with a permission. */
export const needs = (permission: Permission) =>
  signedIn.use(({ ctx, next }) => {
    assertMay(ctx.actor, permission);
    return next();
  });

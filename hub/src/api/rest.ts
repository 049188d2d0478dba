// /api/v1: the procedures that carry `rest` in their meta, as plain HTTP. Routes and OpenAPI are read off the router; nothing is written twice.
import type { AnyProcedure } from "@trpc/server";
import { z } from "zod";
import { HubError } from "../platform/errors.ts";
import { onlyOnce, type RestAnswer } from "./only-once.ts";
import { appRouter } from "./router.ts";
import { type Context, createCaller, type Meta, toHubError } from "./trpc.ts";

export const restPrefix = "/api/v1";

type Route = NonNullable<Meta["rest"]> & {
  name: string;
  pattern: RegExp;
  parameters: string[];
  input: z.ZodType | null;
  output: z.ZodType | null;
};

const caller = createCaller(appRouter);
const routes = readRoutes();

function readRoutes(): Route[] {
  // Flat by dotted name. `_def` is how tRPC's own adapters read a router.
  const procedures: Record<string, AnyProcedure> = appRouter._def.procedures as never;
  return flatten(procedures).flatMap(([name, procedure]): Route[] => {
    const definition: { meta?: Meta; inputs?: unknown[]; output?: unknown } = procedure._def as never;
    const rest = definition.meta?.rest;
    if (rest === undefined) return [];
    const parameters = [...rest.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const pattern = new RegExp(`^${rest.path.replace(/\{\w+\}/g, "([A-Za-z0-9_]{1,64})")}$`);
    const [input] = definition.inputs ?? [];
    return [
      {
        ...rest,
        name,
        pattern,
        parameters,
        input: input instanceof z.ZodType ? input : null,
        output: definition.output instanceof z.ZodType ? definition.output : null,
      },
    ];
  });
}

function flatten(node: Record<string, unknown>, prefix = ""): [string, AnyProcedure][] {
  return Object.entries(node).flatMap(([key, value]): [string, AnyProcedure][] => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    if (typeof value === "function" && "_def" in value) return [[name, value as never]];
    return typeof value === "object" && value !== null ? flatten(value as Record<string, unknown>, name) : [];
  });
}

/**
 * Answers one call. Null when no route has this path.
 * @throws HubError for what the caller did wrong, `bad-input` with 405's sense for a wrong method.
 */
export async function answerRest(
  ctx: Context,
  call: { method: string; path: string; query: URLSearchParams; body: unknown; onceKey: string | null },
): Promise<RestAnswer | null> {
  const onPath = routes.filter((route) => route.pattern.test(call.path));
  if (onPath.length === 0) return null;
  const route = onPath.find((one) => one.method === call.method);
  if (route === undefined)
    throw new HubError("bad-input", `${call.method} is not served here; use ${onPath.map((one) => one.method).join(" or ")}.`, {
      facts: { fields: "method" },
    });
  const values = route.pattern.exec(call.path)?.slice(1) ?? [];
  const fromPath = Object.fromEntries(route.parameters.map((parameter, n) => [parameter, values[n]]));
  if (call.body !== undefined && (typeof call.body !== "object" || call.body === null || Array.isArray(call.body)))
    throw new HubError("bad-input", "The body must be a JSON object.", { facts: { fields: "body" } });
  const input = { ...Object.fromEntries(call.query), ...call.body, ...fromPath };
  let target: unknown = caller(ctx);
  for (const step of route.name.split(".")) target = Reflect.get(target as object, step);
  const act = async (): Promise<RestAnswer> => {
    try {
      const body: unknown = await (target as (input: unknown) => Promise<unknown>)(route.input === null ? undefined : input);
      return { status: route.status ?? 200, body };
    } catch (error) {
      throw toHubError(error);
    }
  };
  if (call.onceKey === null || route.once !== true || ctx.actor === null) return act();
  const { db, clock } = ctx.hub.identity;
  return onlyOnce({ db, now: clock.now() }, ctx.actor, call.onceKey, call, act);
}

/** RFC 9457. */
export const problemOf = (error: HubError, instance: string) => ({
  type: `urn:sallyport:error:${error.code}`,
  title: error.code,
  status: error.status,
  detail: error.message,
  code: error.code,
  facts: error.facts,
  instance,
});

const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  return json;
};

const problem = {
  description: "What went wrong, as problem+json",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** Paths served as bytes, beside the procedures (see raw.ts). */
const rawPaths = {
  "/files/{id}/content": {
    ...rawPath("A kept file", "application/octet-stream", true),
    put: {
      summary: "A piece of an upload; the answer says where the next one belongs",
      tags: ["Runs"],
      parameters: [
        { name: "id", in: "path", required: true, schema: { type: "string" } },
        { name: "offset", in: "query", required: true, schema: { type: "integer" } },
      ],
      requestBody: {
        required: true,
        content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
      },
      responses: {
        "200": {
          description: "What has come is safe",
          content: { "application/json": { schema: { type: "object", properties: { offset: { type: "integer" } } } } },
        },
        default: problem,
      },
    },
  },
  "/executions/{id}/stdout": rawPath("Standard output of an execution, as printed", "application/octet-stream", true),
  "/executions/{id}/artefacts": rawPath(
    "What an execution that has ended left behind, as a tar archive",
    "application/x-tar",
    true,
  ),
  "/executions/{id}/stderr": rawPath("Standard error of an execution, as printed", "application/octet-stream", true),
  "/sessions/{id}/last-answer.csv": rawPath("What the SQL terminal was answered last, while it is open", "text/csv", false),
  "/sessions/{id}/recording.cast": rawPath("The recording of a session, asciicast v2", "application/x-asciicast", false),
};

function rawPath(summary: string, type: string, ranges: boolean) {
  const content = { [type]: { schema: { type: "string", format: "binary" } } };
  return {
    get: {
      summary,
      tags: [ranges ? "Runs" : "Sessions"],
      parameters: [
        { name: "id", in: "path", required: true, schema: { type: "string" } },
        ...(ranges ? [{ name: "Range", in: "header", required: false, schema: { type: "string" } }] : []),
      ],
      responses: {
        "200": { description: "All of it", content },
        ...(ranges ? { "206": { description: "The range asked for", content } } : {}),
        default: problem,
      },
    },
  };
}

/** The OpenAPI 3.1 document of this hub. */
export function openApiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = { ...rawPaths };
  for (const route of routes) {
    const input = route.input === null ? null : schemaOf(route.input, "input");
    const properties: Record<string, unknown> =
      input !== null && typeof input.properties === "object" ? { ...input.properties } : {};
    const required = new Set(input?.required ?? []);
    const parameters: object[] = route.parameters.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: properties[name] ?? { type: "string" },
    }));
    for (const name of route.parameters) {
      delete properties[name];
      required.delete(name);
    }
    if (route.method === "GET")
      for (const [name, schema] of Object.entries(properties))
        parameters.push({ name, in: "query", required: required.has(name), schema });
    if (route.once === true)
      parameters.push({
        name: "Idempotency-Key",
        in: "header",
        required: false,
        description:
          "Sent again with the same key and body within a day, the request is not done again: the first answer comes back.",
        schema: { type: "string", minLength: 1, maxLength: 255 },
      });
    const bodyNeeded = route.method !== "GET" && Object.keys(properties).length > 0;
    const status = String(route.status ?? 200);
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: {
        operationId: route.name.replaceAll(".", "_"),
        summary: route.summary,
        tags: [route.tag],
        parameters,
        ...(bodyNeeded
          ? {
              requestBody: {
                required: required.size > 0,
                content: { "application/json": { schema: { type: "object", properties, required: [...required] } } },
              },
            }
          : {}),
        responses: {
          [status]: {
            description: "Done",
            content: { "application/json": { schema: route.output === null ? {} : schemaOf(route.output, "output") } },
          },
          default: problem,
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Sallyport", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: restPrefix }],
    security: [{ accessKey: [] }],
    paths,
    components: {
      securitySchemes: { accessKey: { type: "http", scheme: "bearer", bearerFormat: "sp_…" } },
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "detail", "code"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            code: { type: "string" },
            facts: { type: "object" },
            instance: { type: "string" },
          },
        },
      },
    },
  };
}

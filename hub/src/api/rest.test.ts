// The API as other programs use it: what it documents it does, pages and ranges work, and a page from elsewhere cannot use it.
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { rawHttp, upgrade } from "../testing/raw-http.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { bodyBytesMax } from "./body.ts";
import { readRange } from "./raw.ts";

const stdout = randomBytes(300_000);
let hub: TestHub;
let admin: TestClient;
let program: TestClient;
let agents: TestAgent[];
let assetIds: string[];
let runId: string;
let executionId: string;
let sessionId: string;

type Json = Record<string, unknown>;
const json = async (response: Response): Promise<Json> => response.json();

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  program = await admin.withKey();
  agents = [];
  for (const hostname of ["alpha", "beta", "gamma", "delta", "alpha"])
    agents.push(await hub.enrolAgent({ hostname, script: () => ({ stdout }) }));
  assetIds = await Promise.all(
    agents.map(async (agent) => (await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id })).assetId),
  );
  const created = await program.rest("POST", "/api/v1/runs", {
    assetIds: [assetIds[0]],
    script: "cat file",
    interpreter: "sh",
    env: { A: "b" },
  });
  expect(created.status).toBe(201);
  runId = String((await json(created))["id"]);
  const run = await eventually(
    async () => json(await program.rest("GET", `/api/v1/runs/${runId}`)),
    ({ state }) => state === "finished",
  );
  executionId = String((run["executions"] as Json[])[0]?.["id"]);
  const terminal = await admin.openTerminal(assetIds[0] ?? "");
  ({ sessionId } = terminal);
  await admin.mutate("sessions.end", { id: sessionId });
});
afterAll(() => hub[Symbol.asyncDispose]());

type Schema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
};

/** As much of JSON Schema as the document uses; returns where a value is not what was promised. */
function mismatches(value: unknown, schema: Schema, at = "answer"): string[] {
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((one) => mismatches(value, one, at).length === 0) ? [] : [`${at} is none of its kinds`];
  if (schema.const !== undefined && schema.const !== value) return [`${at} is not ${String(schema.const)}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at} is ${String(value)}`];
  const actual = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  const allowed = schema.type === undefined ? [actual] : [schema.type].flat();
  if (!allowed.includes(actual) && !(actual === "integer" && allowed.includes("number")))
    return [`${at} is ${actual}, not ${allowed.join()}`];
  if (Array.isArray(value)) return value.flatMap((item, n) => mismatches(item, schema.items ?? {}, `${at}[${n}]`));
  if (typeof value !== "object" || value === null) return [];
  const fields: Json = { ...value };
  const missing = (schema.required ?? []).filter((name) => !(name in fields)).map((name) => `${at}.${name} is missing`);
  const wrong = Object.entries(fields).flatMap(([name, field]) => {
    const known = schema.properties?.[name];
    if (known !== undefined) return mismatches(field, known, `${at}.${name}`);
    if (schema.additionalProperties === false) return [`${at}.${name} is not documented`];
    return typeof schema.additionalProperties === "object" ? mismatches(field, schema.additionalProperties, `${at}.${name}`) : [];
  });
  return [...missing, ...wrong];
}

type Operation = { responses: Record<string, { content?: Record<string, { schema: Schema }> }> };
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };
const readDocument = async (): Promise<Document> => JSON.parse((await rawHttp(hub.url, { path: "/api/v1/openapi.json" })).body);

describe("the OpenAPI document", () => {
  test("is 3.1 and names what others build on", async () => {
    const document = await readDocument();
    expect(document.openapi).toBe("3.1.0");
    const named = Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${at}`),
    );
    expect(named).toEqual(
      expect.arrayContaining([
        "GET /agents",
        "GET /assets",
        "POST /enrolment-tokens",
        "POST /runs",
        "GET /runs/{id}",
        "POST /runs/{id}/stop",
        "GET /executions/{id}/stdout",
        "GET /executions/{id}/stderr",
        "GET /sessions",
        "GET /sessions/{id}/recording.cast",
      ]),
    );
  });

  test("describes the answers that are really given", async () => {
    const { paths } = await readDocument();
    const calls: [string, string, string, object?][] = [
      ["get", "/agents", "/agents"],
      ["get", "/assets", "/assets"],
      ["get", "/sessions", "/sessions"],
      ["get", "/runs", "/runs"],
      ["get", "/runs/{id}", `/runs/${runId}`],
      ["post", "/runs", "/runs", { assetIds: [assetIds[1]], script: "true", interpreter: "sh" }],
      ["post", "/runs/{id}/stop", `/runs/${runId}/stop`],
      ["post", "/enrolment-tokens", "/enrolment-tokens", {}],
      ["post", "/sessions/{id}/end", `/sessions/${sessionId}/end`],
    ];
    for (const [method, template, at, body] of calls) {
      const response = await program.rest(method.toUpperCase(), `/api/v1${at}`, body);
      const promised = paths[template]?.[method]?.responses[String(response.status)];
      expect(promised, `${method} ${at} answered ${response.status}`).toBeDefined();
      const schema = promised?.content?.["application/json"]?.schema ?? {};
      expect(mismatches(await response.json(), schema, `${method} ${at}`)).toEqual([]);
    }
    // The check itself can fail.
    expect(
      mismatches({ items: [{}] }, paths["/agents"]?.["get"]?.responses["200"]?.content?.["application/json"]?.schema ?? {}),
    ).not.toEqual([]);
  });

  test("is the form the issue of other systems asks for", async () => {
    const run = await json(await program.rest("GET", `/api/v1/runs/${runId}`));
    expect(run).toMatchObject({
      id: runId,
      state: "finished",
      executions: [{ id: executionId, assetId: assetIds[0], state: "finished", exitCode: 0, signal: null, reason: "finished" }],
    });
    const token = await json(await program.rest("POST", "/api/v1/enrolment-tokens", {}));
    expect(token).toMatchObject({
      token: expect.stringMatching(/^spt_/),
      command: expect.stringContaining("curl "),
      expiresAt: expect.any(String),
    });
  });
});

describe("an error", () => {
  test.each<[string, string, object | undefined, number, string]>([
    ["GET", "/api/v1/runs/run_nobody", undefined, 404, "not-found"],
    ["GET", "/api/v1/nothing", undefined, 404, "not-found"],
    ["POST", "/api/v1/runs", { script: "x" }, 400, "bad-input"],
    ["DELETE", "/api/v1/runs", undefined, 400, "bad-input"],
    ["GET", "/api/v1/agents?limit=1000", undefined, 400, "bad-input"],
    ["GET", "/api/v1/agents?cursor=nonsense", undefined, 400, "bad-input"],
  ])("of %s %s is problem+json", async (method, at, body, status, code) => {
    const response = await program.rest(method, at, body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      type: `urn:sallyport:error:${code}`,
      title: code,
      status,
      code,
      detail: expect.any(String),
      instance: at.split("?")[0],
    });
  });

  test("says which field is wrong", async () => {
    const body = { assetIds: [], script: "", interpreter: "/bin/sh" };
    const { detail } = await json(await program.rest("POST", "/api/v1/runs", body));
    for (const field of ["assetIds", "script", "interpreter"]) expect(detail).toContain(field);
  });

  test("of a body that is no JSON, or no object, is the sender's", async () => {
    for (const body of ["{", "[]", "7", "null", '"x"', "\0", "{}}"]) {
      const answer = await rawHttp(hub.url, {
        method: "POST",
        path: "/api/v1/runs",
        headers: { ...program.headers, "content-type": "application/json" },
        body,
      });
      expect(answer.status, body).toBe(400);
    }
  });

  test("of a body over the cap is 413, on every door", async () => {
    const body = JSON.stringify({ script: "x".repeat(bodyBytesMax) });
    for (const at of ["/api/v1/runs", "/trpc/runs.create", "/agent/install-progress"]) {
      const answer = await rawHttp(hub.url, {
        method: "POST",
        path: at,
        headers: { ...program.headers, "content-type": "application/json" },
        body,
      });
      expect(answer.status, at).toBe(413);
    }
  });

  test.each([
    "/api/v1/agents?search=%00",
    "/api/v1/runs?search=%00",
    "/api/v1/sessions?userId=%00",
    "/api/v1/assets?zoneId=%00",
    `/trpc/fleet.agent?input=${encodeURIComponent('{"id":"a\\u0000b"}')}`,
    `/trpc/people.list?input=${encodeURIComponent('{"search":"\\ud83d"}')}`,
    "/api/v1/sessions?cursor=%00",
  ])("of NUL or half a character in %s is not the hub's", async (at) => {
    expect((await program.rest("GET", at)).status).toBeLessThan(500);
  });
});

describe("a list", () => {
  test.each(["agents", "assets"])("of %s gives each item once, page by page, whatever the page's size", async (name) => {
    for (const limit of [1, 2, 3, 5, 200]) {
      const ids: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page = await json(await program.rest("GET", `/api/v1/${name}?limit=${limit}&cursor=${cursor}`));
        expect(page["total"]).toBe(5);
        const items = page["items"] as { id: string }[];
        expect(items.length).toBeLessThanOrEqual(limit);
        ids.push(...items.map(({ id }) => id));
        cursor = page["nextCursor"] as string | null;
      }
      expect(ids).toHaveLength(5);
      expect(new Set(ids).size).toBe(5);
    }
  });

  test("searches for what was written, wildcards included", async () => {
    const total = async (search: string) =>
      (await json(await program.rest("GET", `/api/v1/agents?search=${encodeURIComponent(search)}`)))["total"];
    expect(await total("alph")).toBe(2);
    expect(await total("ALPH")).toBe(2);
    for (const literal of ["%", "_", "\\", "a%a", "alph_"]) expect(await total(literal), literal).toBe(0);
  });
});

test("a procedure without input is called with an empty body, as browsers send it", async () => {
  const headers = { ...admin.headers, "content-type": "application/json", origin: hub.url };
  expect((await rawHttp(hub.url, { method: "POST", path: "/trpc/audit.verify", headers })).status).toBe(200);
  expect((await rawHttp(hub.url, { method: "POST", path: "/trpc/keys.create", headers, body: "{" })).status).toBe(400);
});

describe("ranges of an output", () => {
  const get = (range?: string, method = "GET") =>
    rawHttp(hub.url, {
      method,
      path: `/api/v1/executions/${executionId}/stdout`,
      headers: { ...program.headers, ...(range === undefined ? {} : { range }) },
    });

  test.each<[string, number, number]>([
    ["bytes=0-0", 0, 1],
    ["bytes=0-99", 0, 100],
    ["bytes=299999-", 299_999, 300_000],
    ["bytes=100000-200000", 100_000, 200_001],
    ["bytes=-1", 299_999, 300_000],
    ["bytes=-1000000", 0, 300_000],
    ["bytes=299990-999999", 299_990, 300_000],
    ["bytes=0-", 0, 300_000],
  ])("%s is answered with 206 and exactly those bytes", async (range, from, to) => {
    const answer = await get(range);
    expect(answer.status).toBe(206);
    expect(answer.headers["content-range"]).toBe(`bytes ${from}-${to - 1}/${stdout.length}`);
    expect(answer.headers["content-length"]).toBe(String(to - from));
    expect(answer.bytes.equals(stdout.subarray(from, to))).toBe(true);
  });

  test.each(["bytes=300000-", "bytes=999999-1000000", "bytes=-0"])("%s is not satisfiable: 416 with the size", async (range) => {
    const answer = await get(range);
    expect(answer.status).toBe(416);
    expect(answer.headers["content-range"]).toBe(`bytes */${stdout.length}`);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "range-not-satisfiable" });
  });

  test.each([undefined, "bytes=0-1,5-6", "bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=-", "bytes= 0-1"])(
    "%s is answered with everything",
    async (range) => {
      const answer = await get(range);
      expect(answer.status).toBe(200);
      expect(answer.bytes.equals(stdout)).toBe(true);
    },
  );

  test("HEAD has the headers and no bytes", async () => {
    const answer = await get("bytes=0-99", "HEAD");
    expect([answer.status, answer.headers["content-length"], answer.bytes.length]).toEqual([206, "100", 0]);
  });

  test("are cut right for an empty output too", () => {
    expect(readRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(readRange("bytes=-5", 0)).toBe("unsatisfiable");
    expect(readRange(undefined, 0)).toBeNull();
  });

  test("are a download, never a page", async () => {
    const { headers } = await get();
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(headers["content-disposition"]).toMatch(/^attachment;/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["cache-control"]).toBe("private, no-store");
  });
});

describe("a page from elsewhere", () => {
  const origins: [string, (own: string) => string | undefined, boolean][] = [
    ["no origin", () => undefined, false],
    ["our own", (own) => own, true],
    ["null", () => "null", false],
    ["another site", () => "https://evil.example", false],
    ["our name with another port", () => "http://localhost:1", false],
    ["our name as a part", (own) => `${own}.evil.example`, false],
    ["our name as a user", (own) => `http://evil.example@${own.slice(7)}.evil.example`, false],
    ["nothing", () => "", false],
  ];

  test.each(origins)("(%s) with a cookie", async (_, originOf, allowed) => {
    const origin = originOf(hub.url);
    const headers = {
      cookie: admin.headers["cookie"] ?? "",
      "content-type": "application/json",
      ...(origin === undefined ? {} : { origin }),
    };
    const posts = [
      { path: "/trpc/auth.setLanguage", body: '{"language":"en"}' },
      { path: `/api/v1/runs/${runId}/stop`, body: "{}" },
    ];
    for (const { path: at, body } of posts) {
      const { status } = await rawHttp(hub.url, { method: "POST", path: at, headers, body });
      expect(status, at).toBe(allowed ? 200 : 403);
    }
    const { status, socket } = await upgrade(hub.url, "/ws/terminal", {
      protocols: [terminalSubprotocol],
      headers: { cookie: headers.cookie, ...(origin === undefined ? {} : { origin }) },
    });
    expect(status).toBe(allowed ? 101 : 403);
    socket?.terminate();
    expect((await rawHttp(hub.url, { path: "/api/v1/agents", headers })).headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("cannot use an access key either, but a program without an Origin can", async () => {
    const foreign = { ...program.headers, origin: "https://evil.example", "content-type": "application/json" };
    expect(
      (await rawHttp(hub.url, { method: "POST", path: `/api/v1/runs/${runId}/stop`, headers: foreign, body: "{}" })).status,
    ).toBe(403);
    const none = { ...program.headers, "content-type": "application/json" };
    expect(
      (await rawHttp(hub.url, { method: "POST", path: `/api/v1/runs/${runId}/stop`, headers: none, body: "{}" })).status,
    ).toBe(200);
  });

  test("gets no change done by a GET", async () => {
    for (const name of ["auth.signOut", "fleet.createEnrolmentToken", "audit.verify"])
      expect([400, 405], name).toContain((await rawHttp(hub.url, { path: `/trpc/${name}`, headers: admin.headers })).status);
    expect(await admin.refusal(admin.query("keys.list"))).toBeNull();
  });
});

const consoleDir = path.resolve(import.meta.dirname, "../../../web/out");

describe("every answer", () => {
  test("carries the headers that keep browsers safe", async () => {
    for (const at of ["/", "/api/v1/agents", "/trpc/auth.state", "/healthz", "/nothing", "/install.sh", "/api/v1/openapi.json"]) {
      const { headers } = await rawHttp(hub.url, { path: at, headers: admin.headers });
      expect(headers, at).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
      });
      expect(headers["content-security-policy"], at).toContain("frame-ancestors 'none'");
      expect(headers["x-powered-by"]).toBeUndefined();
      expect(headers["server"]).toBeUndefined();
    }
    const api = await rawHttp(hub.url, { path: "/api/v1/agents", headers: admin.headers });
    expect(api.headers["cache-control"]).toBe("private, no-store");
  });

  test("that is a page runs our scripts and no others", async () => {
    const pages = readdirSync(consoleDir).filter((name) => name.endsWith(".html"));
    expect(pages.length).toBeGreaterThan(3);
    const csp: Record<string, string[]> = JSON.parse(readFileSync(path.join(consoleDir, "csp.json"), "utf8"));
    for (const page of pages) {
      const at = `/${page.replace(/\.html$/, "").replace(/^index$/, "")}`;
      const { headers, body, status } = await rawHttp(hub.url, { path: at });
      expect(status, at).toBe(200);
      const policy = String(headers["content-security-policy"]);
      const scripts = policy.split("; ").find((part) => part.startsWith("script-src")) ?? "";
      expect(scripts).not.toContain("unsafe");
      expect(scripts).not.toContain("*");
      for (const part of [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "connect-src 'self'",
      ])
        expect(policy).toContain(part);
      for (const [, inline = ""] of body.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g))
        expect(scripts, at).toContain(`'sha256-${createHash("sha256").update(inline).digest("base64")}'`);
    }
    expect(Object.keys(csp).length).toBeGreaterThan(3);
    expect((await rawHttp(hub.url, { path: "/csp.json" })).status).toBe(404);
  });

  test("of the hub's health says so and no more", async () => {
    expect(await rawHttp(hub.url, { path: "/healthz" })).toMatchObject({ status: 200, body: "ok\n" });
    expect(await rawHttp(hub.url, { path: "/readyz" })).toMatchObject({ status: 200, body: "ready\n" });
    const metrics = await rawHttp(hub.url, { path: "/metrics" });
    expect(metrics.headers["content-type"]).toContain("text/plain");
    for (const line of metrics.body.split("\n").filter((text) => text !== ""))
      expect(line).toMatch(/^(#|[a-z_0-9]+(\{[^}]*\})? [-+0-9.eNaInf]+$)/);
  });

  test("over TLS tells browsers to stay there, and how long the connection is kept: longer than a reverse proxy keeps it", async () => {
    const ca = readFileSync(`${hub.dataDir}/keys/ca.pem`);
    const agent = new https.Agent({ keepAlive: true });
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) =>
      https
        .get(hub.url.replace("http:", "https:"), { ca, agent }, (response) => {
          response.resume();
          resolve(response.headers);
        })
        .on("error", reject),
    );
    agent.destroy();
    expect(headers["strict-transport-security"]).toContain("max-age=");
    expect(headers["keep-alive"]).toBe("timeout=75");
  });
});

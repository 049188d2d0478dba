// Every path of the hub, asked by people who may not: refused, and told nothing. Nothing of the data folder is served to anybody.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { type RawRequest, rawHttp, upgrade } from "../testing/raw-http.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;
let other: TestClient;
let agent: TestAgent;
let sessionId: string;
let execution: { id: string; runId: string };
const output = "the output that nobody else may see";

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  other = await hub.as("user");
  agent = await hub.enrolAgent({ script: () => ({ stdout: Buffer.from(output) }) });
  const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id });
  const terminal = await admin.openTerminal(assetId);
  terminal.type(output);
  await terminal.until(() => terminal.text === output);
  ({ sessionId } = terminal);
  const { id: runId } = await admin.mutate<{ id: string }>("runs.create", {
    assetIds: [assetId],
    script: output,
    interpreter: "sh",
  });
  const run = await eventually(
    () => admin.query<{ state: string; executions: { id: string }[] }>("runs.get", { id: runId }),
    ({ state }) => state === "finished",
  );
  execution = { id: run.executions[0]?.id ?? "", runId };
});
afterAll(() => hub[Symbol.asyncDispose]());

const restPaths = async (): Promise<string[]> => {
  const document: { paths: Record<string, object> } = JSON.parse((await rawHttp(hub.url, { path: "/api/v1/openapi.json" })).body);
  return Object.keys(document.paths);
};
const filled = (template: string): string =>
  `/api/v1${template}`
    .replace("/executions/{id}", `/executions/${execution.id}`)
    .replace("/runs/{id}", `/runs/${execution.runId}`)
    .replace("/sessions/{id}", `/sessions/${sessionId}`)
    .replace("{id}", agent.id);
const ownPaths = () => [
  `/api/v1/sessions/${sessionId}/replay/index`,
  `/api/v1/sessions/${sessionId}/replay/segment?n=0`,
  `/api/v1/sessions/${sessionId}/replay/keyframe?offset=5`,
];

const nobodyIs: Record<string, () => Record<string, string>> = {
  "no cookie": () => ({}),
  "a cookie made up": () => ({ cookie: "sallyport.session_token=abcdefghijklmnopqrstuvwxyz123456.c2lnbmF0dXJl" }),
  "an empty key": () => ({ authorization: "Bearer " }),
  "a key made up": () => ({ authorization: `Bearer sp_${"a".repeat(43)}` }),
  "another scheme": () => ({ authorization: "Basic YWRtaW46YWRtaW4=", cookie: admin.headers["cookie"] ?? "" }),
};

describe.each(Object.entries(nobodyIs))("with %s", (_, headers) => {
  test("every path of the API answers 401 and nothing of what it holds", async () => {
    const paths = [...(await restPaths()).map(filled), ...ownPaths(), "/api/v1/nothing", "/api/v1/", "/api/v1/nothing/../agents"];
    expect(paths.length).toBeGreaterThan(12);
    for (const at of paths) {
      for (const method of ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"]) {
        const answer = await rawHttp(hub.url, { method, path: at, headers: { ...headers(), origin: hub.url } });
        expect([401, 403, 404], `${method} ${at}`).toContain(answer.status);
        expect(answer.body).not.toContain(output);
        const told = answer.body.replace(/"instance":"[^"]*"/, ""); // the path comes back, nothing else does
        expect(told).not.toContain(agent.id);
      }
    }
  });
});

describe("somebody else who is signed in", () => {
  test("gets 404 for what is not his, and nothing of it", async () => {
    const paths = [...(await restPaths()).filter((one) => one.includes("{id}")).map(filled), ...ownPaths()];
    for (const at of paths) {
      for (const method of ["GET", "POST"]) {
        const answer = await rawHttp(hub.url, { method, path: at, headers: { ...other.headers, origin: hub.url } });
        expect([400, 403, 404], `${method} ${at}`).toContain(answer.status);
        expect(answer.body).not.toContain(output);
      }
    }
    expect((await rawHttp(hub.url, { path: ownPaths()[0] ?? "", headers: other.headers })).status).toBe(404);
  });

  test("whose sign-in has run out is nobody", async () => {
    const person = await hub.as("admin");
    const { me } = await person.query<{ me: { id: string } }>("auth.state");
    expect((await person.rest("GET", "/api/v1/agents")).status).toBe(200);
    await hub.sql`update auth_sessions set expires_at = now() - interval '1 minute' where user_id = ${me.id}`;
    expect((await person.rest("GET", "/api/v1/agents")).status).toBe(401);
    expect(await person.refusal(person.query("fleet.agents", {}))).toBe("not-signed-in");
  });
});

describe("the data folder", () => {
  const shards = () => [sessionId, execution.id].map((id) => `${id.slice(0, 8)}/${id}.log`);
  const guesses = () =>
    [
      "keys/ca-key.pem",
      "keys/server-key.pem",
      "keys/order-key.pem",
      "keys/cookie-secret",
      "hub.lock",
      "hub.sock",
      ...shards(),
    ].flatMap((file) => [
      `/${file}`,
      `/logs/${file}`,
      `/data/${file}`,
      `/data/logs/${file}`,
      `/../${file}`,
      `/../../..${hub.dataDir}/${file}`,
      `/%2e%2e/%2e%2e/%2e%2e${hub.dataDir}/${file}`,
      `/..%2f..%2f..%2f..%2f..%2f..${hub.dataDir.replaceAll("/", "%2f")}%2f${file.replaceAll("/", "%2f")}`,
      `/_next/static/../../../../../../..${hub.dataDir}/${file}`,
      `/_next/..%5c..%5c..%5c${file}`,
      `/agent/../../..${hub.dataDir}/${file}`,
      `/agent/..%2f${file.replaceAll("/", "%2f")}`,
      `/api/v1/executions/..%2f..%2f${file.replaceAll("/", "%2f")}/stdout`,
      `/api/v1/sessions/${file}/recording.cast`,
      `/${file}%00.html`,
      `//${file}`,
      `/.${file}`,
      `${hub.dataDir}/${file}`,
    ]);

  test("is not served, whatever the path and whoever asks", async () => {
    const secrets = ["ca-key.pem", "server-key.pem", "order-key.pem", "cookie-secret"].map(
      (name) =>
        readFileSync(path.join(hub.dataDir, "keys", name), "utf8")
          .trim()
          .split("\n")
          .at(1) ?? "",
    );
    for (const headers of [{}, admin.headers]) {
      for (const at of guesses()) {
        const answer = await rawHttp(hub.url, { path: at, headers });
        expect([400, 401, 403, 404], `GET ${at}`).toContain(answer.status);
        for (const secret of secrets.filter((one) => one !== "")) expect(answer.body).not.toContain(secret);
        expect(answer.body).not.toContain("PRIVATE KEY");
        expect(answer.body).not.toContain("SPLOG1");
      }
    }
  });

  test("keeps its keys to its owner", async () => {
    for (const name of readdirSync(path.join(hub.dataDir, "keys")))
      expect(statSync(path.join(hub.dataDir, "keys", name)).mode & 0o077, name).toBe(0);
    expect(statSync(hub.dataDir).mode & 0o077).toBe(0);
    expect(statSync(path.join(hub.dataDir, "logs")).mode & 0o077).toBe(0);
  });
});

describe("a request that is odd", () => {
  const odd: [string, RawRequest][] = [
    ["a path of two slashes", { path: "//" }],
    ["a path that names a port that is none", { path: "//x:99999/" }],
    ["another host's URL", { path: "http://169.254.169.254/latest" }],
    ["a path that is not coded right", { path: "/%" }],
    ["a path that is not coded right under _next", { path: "/_next/%c0%af" }],
    ["a path of 8,000 characters", { path: `/${"a".repeat(8_000)}` }],
    ["no such procedure", { path: "/trpc/nothing.at.all" }],
    ["a procedure called constructor", { path: "/trpc/constructor" }],
    ["a procedure called __proto__", { path: "/trpc/__proto__.x" }],
    ["no procedure", { path: "/trpc/" }],
    ["a hundred procedures at once", { path: `/trpc/${Array.from({ length: 100 }, () => "auth.state").join(",")}?batch=1` }],
    ["input that is no JSON", { path: "/trpc/people.list?input=%7B" }],
    ["a mutation by GET", { path: "/trpc/auth.signOut" }],
    ["an Host that is none", { path: "/install.sh", headers: { host: "a b" } }],
  ];

  test.each(odd)("%s is answered, not a failure of the hub", async (_, request) => {
    const answer = await rawHttp(hub.url, request);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).not.toMatch(/at .*\.[jt]s:\d+/);
  });

  test("headers of other frameworks change nothing", async () => {
    const headers = [
      ...Array.from({ length: 6 }, (_, n) => ({
        "x-middleware-subrequest": Array.from({ length: n + 1 }, () => "middleware").join(":"),
      })),
      { "x-middleware-subrequest": "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware" },
      { "next-action": "00".repeat(21) },
      { rsc: "1", "next-router-prefetch": "1", "next-router-state-tree": "%5B%22%22%5D" },
      {
        "x-forwarded-for": "127.0.0.1",
        "x-real-ip": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
      },
      { "x-original-url": "/healthz", "x-rewrite-url": "/healthz", "x-http-method-override": "GET" },
    ];
    for (const more of headers) {
      for (const at of ["/api/v1/agents", "/trpc/fleet.agents?input=%7B%7D", `/api/v1/sessions/${sessionId}/recording.cast`])
        expect((await rawHttp(hub.url, { path: at, headers: more as Record<string, string> })).status).toBe(401);
      const posted = await rawHttp(hub.url, { method: "POST", path: "/", headers: more as Record<string, string>, body: "0:[]" });
      expect(posted.status).toBe(400);
    }
  });

  test("another upgrade than our two is refused", async () => {
    for (const at of [
      "/",
      "/ws",
      "/ws/terminal/x",
      "/trpc",
      "/trpc/events.stream",
      "/_next/webpack-hmr",
      "//",
      "/api/v1/sessions",
    ]) {
      const { status } = await upgrade(hub.url, at, {
        protocols: [terminalSubprotocol],
        headers: { ...admin.headers, origin: hub.url },
      });
      expect([400, 404], at).toContain(status);
    }
  });
});

test("ids in paths are checked before they mean anything", async () => {
  for (const id of ["%00", "..", "%2e%2e", "'", "%27%20or%201=1--", `${newId("exe")}%00`, "a".repeat(300), "%F0%9F%98%80"])
    for (const at of [`/api/v1/executions/${id}/stdout`, `/api/v1/runs/${id}`, `/api/v1/sessions/${id}/recording.cast`])
      expect([400, 404], at).toContain((await rawHttp(hub.url, { path: at, headers: admin.headers })).status);
});

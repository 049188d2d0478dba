// `npx sallyport` against a stand-in for the admin socket: what it prints, where, and with which exit code.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder = "";
let server: http.Server;
let answers: Record<string, { status?: number; body: unknown }> = {};
const asked: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-"));
  asked.length = 0;
  server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${request.url} ${body}`);
    const answer = answers[`${request.method} ${request.url}`] ?? {
      status: 404,
      body: { code: "not-found", message: "There is nothing here." },
    };
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(path.join(folder, "hub.sock"), resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function sallyport(...args: string[]) {
  const program = new URL("../../bin/sallyport.mjs", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

test("access-key create prints the key alone on stdout", async () => {
  answers = { "POST /access-keys": { body: { id: "key_1", key: "sp_secret" } } };
  const { code, stdout } = await sallyport("access-key", "create", "--email", "a@b.c", "--name", "n", "--data", ".");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "sp_secret\n" });
  expect(asked).toEqual(['POST /access-keys {"email":"a@b.c","name":"n"}']);
});

test("a refusal is the hub's own sentence and exit code 1", async () => {
  answers = {};
  expect(await sallyport("access-key", "create", "--email", "a@b.c", "--name", "n", "--data", ".")).toEqual({
    code: 1,
    stdout: "",
    stderr: "There is nothing here.\n",
  });
});

test("vault rotate watches until every secret is wrapped anew, and fails when one was not", async () => {
  const state = { key: 2, keys: 2, running: true, failed: false, done: 0, total: 7 };
  answers = { "POST /vault/rotations": { body: state }, "GET /vault": { body: { ...state, running: false, done: 7 } } };
  expect(await sallyport("vault", "rotate", "--data", ".")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Key 2 wraps all 7 secrets"),
    stderr: expect.stringContaining("0 of 7"),
  });
  answers["GET /vault"] = { body: { ...state, running: false, failed: true } };
  expect(await sallyport("vault", "rotate", "--data", ".")).toMatchObject({ code: 1, stdout: "" });
});

test("status is readable, and with --json it is what the hub said", async () => {
  const body = {
    version: "0.1.0",
    startedAt: new Date().toISOString(),
    url: "http://localhost:1",
    agents: { total: 2, online: 1 },
    sessions: { live: 3 },
    runs: { running: 4 },
    database: { kind: "embedded", ok: true },
    memory: { rssBytes: 104_857_600 },
    dataDir: "/d",
    setupLink: null,
  };
  answers = { "GET /status": { body } };
  expect((await sallyport("status", "--data", ".")).stdout).toMatch(/Agents +1 of 2 online\n.*\n?.*Runs +4 running/s);
  expect(JSON.parse((await sallyport("status", "--data", ".", "--json")).stdout)).toEqual(body);
});

test("doctor exits with 1 when a check fails", async () => {
  answers = {
    "GET /doctor": {
      body: {
        checks: [
          { name: "database", ok: true, detail: "answers" },
          { name: "disk", ok: false, detail: "98 % full" },
        ],
      },
    },
  };
  expect(await sallyport("doctor", "--data", ".")).toMatchObject({
    code: 1,
    stdout: "ok    database: answers\nFAIL  disk: 98 % full\n",
  });
});

test("a folder without a hub is one sentence and exit code 1", async () => {
  const { code, stderr } = await sallyport("status");
  expect(code).toBe(1);
  expect(stderr).toBe(
    `No hub is running in ${folder}/data. Start one with npm start -- --data ${folder}/data, or name the folder of a running one with --data.\n`,
  );
});

test.each([[["fly"]], [["status", "--no-such"]], [["access-key", "create", "--email", "a@b.c"]]])(
  "%j shows the usage and exits with 2",
  async (args) => {
    const { code, stderr } = await sallyport(...args);
    expect(code).toBe(2);
    expect(stderr).toContain("npx sallyport <command>");
  },
);
test("help is no error", async () => {
  expect(await sallyport("help")).toMatchObject({ code: 0, stdout: expect.stringContaining("access-key create") });
});

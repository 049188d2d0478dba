// An access key is no more than it was made for: these procedures, from there.
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyScopeProcedures } from "../api/key-scopes.ts";
import { appRouter } from "../api/router.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

const keyOf = async (fields: object, by = admin) =>
  (await by.mutate<{ key: string }>("keys.create", { name: "k", ...fields })).key;
/** The status of a call with the key, and the code of its refusal. */
async function call(key: string, path: string): Promise<string> {
  const answer = await fetch(hub.url + path, { headers: { authorization: `Bearer ${key}` } });
  const code = answer.ok ? "" : /"(?:hubCode|code)":"([a-z-]+)"/.exec(await answer.text())?.[1];
  return `${answer.status} ${code}`.trim();
}

test("a key with a scope opens what the scope names, by REST and by procedure, and nothing else of its person's", async () => {
  const key = await keyOf({ scopes: ["tickets.read"] });
  expect(await call(key, "/api/v1/tickets")).toBe("200");
  for (const path of [
    "/api/v1/assets",
    "/api/v1/executions/exe_x/stdout",
    "/api/v1/sessions/ses_x/recording.cast",
    "/trpc/people.list?input={}",
    "/trpc/keys.list",
  ])
    expect([path, await call(key, path)]).toEqual([path, "403 key-scope"]);
  expect(await call(await keyOf({}), "/api/v1/assets")).toBe("200");
});

test("a key is taken only from the addresses that it is for", async () => {
  expect(await call(await keyOf({ addresses: ["127.0.0.0/8", "::1"] }), "/api/v1/tickets")).toBe("200");
  expect(await call(await keyOf({ addresses: ["192.0.2.0/24"] }), "/api/v1/tickets")).toBe("401 not-signed-in");
  expect(await admin.refusal(keyOf({ addresses: ["somewhere"] }))).toBe("bad-input");
});

test("a key that acts for others is made by a person who may, never by a key", async () => {
  const user = await hub.as("user");
  for (const scopes of [["tickets.on-behalf"], ["access.at-once"]]) {
    expect(await user.refusal(keyOf({ scopes }, user))).toBe("forbidden");
    const all = await keyOf({});
    const made = await fetch(`${hub.url}/trpc/keys.create`, {
      method: "POST",
      headers: { authorization: `Bearer ${all}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "more", scopes }),
    });
    expect(await made.text()).toContain("confirm-first");
    await keyOf({ scopes });
  }
});

test("every scope names procedures that there are", () => {
  const there = Object.keys(appRouter._def.procedures);
  for (const names of Object.values(keyScopeProcedures)) expect(there).toEqual(expect.arrayContaining([...names]));
});

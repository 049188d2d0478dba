// Signing in and out: who gets in, who does not, and that the answers give nothing away.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawHttp } from "../testing/raw-http.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";
import { freeAttempts } from "./lock-out.ts";

let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

type Me = { id: string; email: string };
const meOf = async (client: TestClient): Promise<Me> => {
  const { me } = await client.query<{ me: Me }>("auth.state");
  return me;
};

let host = 10;
/** A try from an address of its own, as the hub sees it: one address alone is slowed down. */
async function trySignIn(
  email: string,
  password: string,
): Promise<{ status: number; code: string; facts: object; message: string }> {
  const answer = await rawHttp(hub.url, {
    method: "POST",
    path: "/trpc/auth.signIn",
    headers: { "content-type": "application/json", origin: hub.url },
    body: JSON.stringify({ email, password }),
    from: `127.0.${host % 200}.${(host++ % 250) + 1}`,
  });
  const { error } = JSON.parse(answer.body);
  return {
    status: answer.status,
    code: error?.data.hubCode ?? "in",
    facts: error?.data.facts ?? {},
    message: error?.message ?? "",
  };
}

describe("signing in", () => {
  test("an unknown address, a wrong password and a disabled account get the same answer", async () => {
    const disabled = await meOf(await hub.as("user"));
    const active = await meOf(await hub.as("user"));
    await admin.mutate("people.disable", { id: disabled.id });
    const wrong = await trySignIn(active.email, "not-the-password");
    expect(wrong).toMatchObject({ status: 401, code: "bad-credentials" });
    expect(await trySignIn(disabled.email, person.password)).toEqual(wrong);
    expect(await trySignIn(`${newId("nobody")}@example.org`, "not-the-password")).toEqual(wrong);
  });

  test("an account and an address that nobody has are locked alike", async () => {
    const { email } = await meOf(await hub.as("user"));
    const codes = async (address: string) => {
      const seen: string[] = [];
      for (let n = 0; n <= freeAttempts; n++) seen.push((await trySignIn(address, "not-the-password")).code);
      return seen;
    };
    expect(await codes(`${newId("nobody")}@example.org`)).toEqual(await codes(email));
  });

  test("a hundred wrong passwords at once are a hundred tries: the account is locked, the right password waits too", async () => {
    const { email, id } = await meOf(await hub.as("user"));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => trySignIn(email, `wrong password ${n}`)));
    const codes = answers.map(({ code }) => code);
    expect(codes.filter((code) => code === "in")).toEqual([]);
    // The fifth wrong one locks, so four people are told "wrong" and the rest "locked".
    expect(codes.filter((code) => code === "bad-credentials")).toHaveLength(freeAttempts - 1);
    expect(await trySignIn(email, person.password)).toMatchObject({ status: 429, code: "locked-out" });
    expect(await admin.query("people.list", { search: email })).toMatchObject({ items: [{ state: "locked" }] });
    await admin.mutate("people.unlock", { id });
    expect(await trySignIn(email, person.password)).toMatchObject({ code: "in" });
  });

  test("guessing from one address slows down, whatever accounts it aims at", async () => {
    const from = "127.9.9.9";
    const codes: string[] = [];
    for (let n = 0; n < 40; n++) {
      const answer = await rawHttp(hub.url, {
        method: "POST",
        path: "/trpc/auth.signIn",
        headers: { "content-type": "application/json", origin: hub.url },
        body: JSON.stringify({ email: `${newId("nobody")}@example.org`, password: "x" }),
        from,
      });
      codes.push(JSON.parse(answer.body).error.data.hubCode);
    }
    expect(codes.at(-1)).toBe("rate-limited");
    expect(codes.filter((code) => code === "bad-credentials").length).toBeLessThanOrEqual(30);
  });

  test("is counted anew after a success", async () => {
    const { email } = await meOf(await hub.as("user"));
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < freeAttempts - 1; n++) expect((await trySignIn(email, "wrong")).code).toBe("bad-credentials");
      expect((await trySignIn(email, person.password)).code).toBe("in");
    }
  });
});

describe("the cookie", () => {
  test("cannot be read by a script, travels over TLS and with our own pages only", async () => {
    const response = await new TestClient(hub.url).post("auth.signIn", adminCredentials);
    const [cookie = "", ...more] = response.headers.getSetCookie().filter((one) => one.includes("session_token"));
    expect(more).toEqual([]);
    expect(cookie).toMatch(/; HttpOnly(;|$)/i);
    expect(cookie).toMatch(/; Secure(;|$)/i);
    expect(cookie).toMatch(/; SameSite=(Lax|Strict)(;|$)/i);
    expect(cookie).toMatch(/; Path=\/(;|$)/i);
    expect(cookie).not.toMatch(/; Domain=/i);
  });

  test("is dead the moment its person signs out, for every copy of it", async () => {
    const client = await hub.as("user");
    const copy = new TestClient(hub.url, { ...client.headers });
    await client.mutate("auth.signOut");
    expect(await copy.refusal(copy.query("keys.list"))).toBe("not-signed-in");
    expect((await copy.rest("GET", "/api/v1/assets")).status).toBe(401);
  });

  test("is dead the moment its person is disabled", async () => {
    const client = await hub.as("user");
    const key = await client.withKey();
    await admin.mutate("people.disable", { id: (await meOf(client)).id });
    expect(await client.refusal(client.query("keys.list"))).toBe("not-signed-in");
    expect((await key.rest("GET", "/api/v1/assets")).status).toBe(401);
  });

  test("altered in any way is nobody's", async () => {
    const client = await hub.as("user");
    const [name = "", value = ""] = (client.headers["cookie"] ?? "").split(/=(.*)/);
    for (const changed of [value.slice(0, -3), `${value}A`, value.replace(/^./, "#"), "", value.split(".")[0] ?? "", "%00"]) {
      const thief = new TestClient(hub.url, { cookie: `${name}=${changed}` });
      expect(await thief.refusal(thief.query("keys.list")), changed).toBe("not-signed-in");
    }
  });

  test("of one sign-in can be ended from another", async () => {
    const client = await hub.as("user");
    const { email } = await meOf(client);
    const elsewhere = await TestClient.signIn(hub.url, { email, password: person.password });
    const { items } = await client.query<{ items: { id: string; current: boolean }[] }>("auth.sessions");
    expect(items).toHaveLength(2);
    await client.mutate("auth.endSession", { id: items.find(({ current }) => !current)?.id });
    expect(await elsewhere.refusal(elsewhere.query("keys.list"))).toBe("not-signed-in");
    expect(await client.refusal(client.query("keys.list"))).toBeNull();
  });
});

describe("changing a password", () => {
  test("ends the person's other sign-ins and keeps this one", async () => {
    const client = await hub.as("user");
    const { email } = await meOf(client);
    const other = await TestClient.signIn(hub.url, { email, password: person.password });
    expect(await client.refusal(client.mutate("auth.changePassword", { current: "wrong", next: "a-new-long-password" }))).toBe(
      "bad-credentials",
    );
    await client.mutate("auth.changePassword", { current: person.password, next: "a-new-long-password" });
    expect(await other.refusal(other.query("keys.list"))).toBe("not-signed-in");
    expect(await client.refusal(client.query("keys.list"))).toBeNull();
    expect((await trySignIn(email, person.password)).code).toBe("bad-credentials");
    expect((await trySignIn(email, "a-new-long-password")).code).toBe("in");
  });
});

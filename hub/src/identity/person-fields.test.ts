// A person's fields: user names, an end in time, filters, and many at once.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, person, TestHub } from "../testing/test-hub.ts";
import { usernameFrom } from "./usernames.ts";

type Person = { id: string; email: string; username: string; state: string; expiresAt: string | null };
type Page = { items: Person[]; total: number };

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

const get = (id: string) => admin.query<Person & { groups: { name: string }[] }>("people.get", { id });
const idOf = async (client: TestClient) => (await client.query<{ me: { id: string } }>("auth.state")).me.id;
const invite = async (email = `${newId("p")}@example.org`) =>
  (await admin.mutate<{ id: string }>("people.invite", { email, name: "P", role: "user" })).id;
const update = (id: string, fields: object) => admin.refusal(admin.mutate("people.update", { id, ...fields }));
const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1_000).toISOString();

describe("a user name", () => {
  test.each([
    ["Ada.Lovelace@example.org", "ada.lovelace"],
    ["josé+work@example.org", "jose-work"],
    ["007@example.org", "user"],
    ["李雷@example.org", "user"],
    [`${"a".repeat(60)}@example.org`, "a".repeat(32)],
  ])("of %s is %s", (email, username) => expect(usernameFrom(email)).toBe(username));

  test("is made from the address, and is one person's however many are invited at once", async () => {
    const name = newId("x").replace("_", "").slice(0, 20);
    const made = await Promise.all(Array.from({ length: 8 }, (_, n) => invite(`${name}@host${n}.example.org`)));
    const usernames = await Promise.all(made.map(async (id) => (await get(id)).username));
    expect(new Set(usernames).size).toBe(8);
    expect(usernames).toContain(name);
  });

  test("is lower case, begins with a letter, and is nobody else's", async () => {
    const [first, second] = [await invite(), await invite()];
    for (const wrong of ["A", "a", "Ab", "1ab", "a b", "a/b", "ab\u202e", "a".repeat(33), ""])
      expect(await update(first, { username: wrong }), wrong).toBe("bad-input");
    const name = `n${Date.now()}`;
    expect(await update(first, { username: name })).toBeNull();
    expect(await update(second, { username: name })).toBe("username-taken");
    expect(await update(second, { email: (await get(first)).email.toUpperCase() })).toBe("email-taken");
  });

  test("was given to everybody who was there before there were user names", async () => {
    const { sql } = hub;
    await sql.begin(async (tx) => {
      const { readFileSync } = await import("node:fs");
      const file = readFileSync(new URL("../../migrations/0004_people-fields.sql", import.meta.url), "utf8");
      await tx`create schema old`;
      await tx`create table old.users (id text, email text, created_at timestamptz)`;
      const emails = ["ab@x.org", "ab@y.org", "ab2@x.org", "AB@z.org", "7@x.org", "@", "ö@x.org", "a.b-c_d@x.org"];
      for (const [n, email] of emails.entries()) await tx`insert into old.users values (${String(n)}, ${email}, ${new Date(n)})`;
      await tx`set local search_path to old`;
      for (const statement of file.split("--> statement-breakpoint")) await tx.unsafe(statement);
      const rows = await tx<{ username: string }[]>`select username from old.users order by id`;
      const names = rows.map(({ username }) => username);
      expect(new Set(names).size).toBe(emails.length);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9._-]{1,31}$/);
      expect(names[0]).toBe("ab");
      await tx`set local search_path to public`;
      await tx`drop schema old cascade`;
    });
  });
});

describe("an end in time", () => {
  test("ends sign-ins, keys and terminals within two seconds of it, and lets nobody in again", { retry: 2 }, async () => {
    const client = await hub.as("user");
    const id = await idOf(client);
    const key = await client.withKey();
    const agent = await hub.enrolAgent();
    const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id });
    await hub.grant(id, [assetId], ["connect"]);
    const terminal = await client.openTerminal(assetId);
    expect(await update(id, { expiresAt: inSeconds(60) })).toBeNull();
    expect(await client.refusal(client.query("keys.list"))).toBeNull();
    clock.advance(60_500);
    expect(await client.refusal(client.query("keys.list"))).toBe("not-signed-in");
    expect((await key.rest("GET", "/api/v1/assets")).status).toBe(401);
    const from = performance.now();
    await terminal.ended();
    expect(performance.now() - from).toBeLessThan(2_000);
    await eventually(
      () => hub.sql<{ left: number }[]>`select count(*)::int as left from auth_sessions where user_id = ${id}`,
      ([row]) => row?.left === 0,
    );
    expect(await get(id)).toMatchObject({ state: "expired" });
    const { email } = await get(id);
    const again = TestClient.signIn(hub.url, { email, password: person.password });
    expect(await admin.refusal(again)).toBe("bad-credentials");
    expect(await update(id, { expiresAt: null })).toBeNull();
    clock.advance(61_000);
    await expect(TestClient.signIn(hub.url, { email, password: person.password })).resolves.toBeDefined();
  });

  test("cannot be set for the last administrator, nor hide that one is the last", async () => {
    const id = await idOf(admin);
    expect(await update(id, { expiresAt: inSeconds(3_600) })).toBe("last-admin");
    const other = await idOf(await hub.as("admin"));
    expect(await update(other, { expiresAt: inSeconds(3_600) })).toBeNull();
    expect(await admin.refusal(admin.mutate("people.disable", { id }))).toBe("last-admin");
    expect(await update(id, { expiresAt: inSeconds(3_600) })).toBe("last-admin");
  });
});

describe("the list", () => {
  test("holds each person under one state, and the filter agrees with what is shown", async () => {
    const expired = await idOf(await hub.as("user"));
    await update(expired, { expiresAt: inSeconds(-1) });
    const disabled = await idOf(await hub.as("auditor"));
    await admin.mutate("people.disable", { id: disabled });
    await invite();
    const locked = await idOf(await hub.as("user"));
    await hub.sql`update users set locked_until = ${new Date(clock.now().getTime() + 600_000)} where id = ${locked}`;
    const all = await admin.query<Page>("people.list", { limit: 200 });
    let counted = 0;
    for (const state of ["active", "invited", "disabled", "locked", "expired"]) {
      const { items, total } = await admin.query<Page>("people.list", { state, limit: 200 });
      expect(new Set(items.map((one) => one.state)), state).toEqual(new Set([state]));
      counted += total;
    }
    expect(counted).toBe(all.total);
    const auditors = await admin.query<Page>("people.list", { role: "auditor", state: "disabled" });
    expect(auditors.items.map(({ id }) => id)).toContain(disabled);
  });

  test("finds people by name, address and user name", async () => {
    const id = await invite();
    await update(id, { username: "zaphod.b", name: "Trillian Astra" });
    for (const search of ["zaphod", "trillian a"])
      expect((await admin.query<Page>("people.list", { search })).items.map((one) => one.id)).toEqual([id]);
  });
});

describe("many at once", () => {
  test("are disabled each on their own: the last administrator stays, the others go", async () => {
    const clients = [await hub.as("user"), await hub.as("user")];
    const ids = await Promise.all(clients.map(idOf));
    const { id: own } = (await admin.query<Page>("people.list", { search: administrator.email })).items[0] ?? { id: "" };
    const foreign = newId("usr");
    expect(await admin.mutate("people.disableMany", { ids: [...ids, own, foreign] })).toEqual({
      done: ids,
      refused: [
        { id: own, code: "last-admin" },
        { id: foreign, code: "not-found" },
      ],
    });
    for (const client of clients) expect(await client.refusal(client.query("keys.list"))).toBe("not-signed-in");
    expect(await admin.mutate("people.enableMany", { ids })).toEqual({ done: ids, refused: [] });
    for (const id of ids) expect(await get(id)).toMatchObject({ state: "active" });
  });
});

test("a change is recorded with what was before and after, and only what changed", async () => {
  const id = await invite();
  await update(id, { phone: "+49 30 1234", comment: "met in Berlin" });
  await update(id, { phone: "+49 30 1234" });
  await update(id, { phone: null });
  const { items } = await admin.query<{ items: { kind: string; data: Record<string, string> }[] }>("audit.list", {
    subjectId: id,
    kind: "person.updated",
  });
  expect(items.map(({ data }) => data)).toEqual([
    { fields: "phone", before: '{"phone":"+49 30 1234"}', after: '{"phone":null}' },
    {
      fields: "phone comment",
      before: expect.stringContaining('"comment":""'),
      after: expect.stringContaining("met in Berlin"),
    },
  ]);
});

test("fields that draw, run or never end are refused", async () => {
  const id = await invite();
  for (const fields of [
    { comment: "x".repeat(1_001) },
    { comment: "\u001b[2J" },
    { name: "a\u202eb" },
    { phone: "=cmd|calc" },
    { phone: "1".repeat(31) },
    { expiresAt: "tomorrow" },
    { language: "xx" },
    { email: "no address" },
  ])
    expect(await update(id, fields), JSON.stringify(fields)).toBe("bad-input");
});

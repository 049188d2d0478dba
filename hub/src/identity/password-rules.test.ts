// What an organisation asks of passwords, and what becomes of who stays away.
import { newId } from "@sallyport/protocol/ids";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { TestClock } from "../testing/eventually.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, person, TestHub } from "../testing/test-hub.ts";
import { disableIdle } from "./jobs.ts";
import { mustChangePassword } from "./password-rules.ts";

const asAtFirst = { mfaRoles: [], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
beforeEach(() => clock.advance(61_000)); // tries of an address are counted by the minute
afterAll(() => hub[Symbol.asyncDispose]());

const meOf = async (client: TestClient) => (await client.query<{ me: { id: string; email: string } }>("auth.state")).me;
const setPolicy = async (policy: object) => {
  await admin.mutate("auth.confirm", { password: administrator.password });
  await admin.mutate("signInPolicy.set", { ...asAtFirst, ...policy });
};
const change = (client: TestClient, current: string, next: string) =>
  client.refusal(client.mutate("auth.changePassword", { current, next }));
const isIn = async (client: TestClient) => (await client.refusal(client.query("keys.list"))) === null;

describe("a new password", () => {
  test("is as long as the organisation asks, wherever it is set", async () => {
    await setPolicy({ passwordLengthMin: 20 });
    const { link } = await admin.mutate<{ link: string }>("people.invite", {
      email: `${newId("p")}@example.org`,
      name: "P",
      role: "user",
    });
    const token = new URL(link).searchParams.get("token");
    const stranger = new TestClient(hub.url);
    const accept = (password: string) => stranger.refusal(stranger.mutate("auth.acceptInvite", { token, name: "P", password }));
    expect(await accept("fifteen letters")).toBe("password-too-short");
    expect(await accept("twenty letters or more")).toBeNull(); // the refusal did not use the link up
    await setPolicy({});
  });

  test("is none of the last ones, and the one before those may come back", async () => {
    await setPolicy({ passwordHistory: 2 });
    const client = await hub.as("user");
    const [one, two, three] = [person.password, "second long password", "third long password"];
    expect(await change(client, one, one)).toBe("password-used-before");
    expect(await change(client, one, two)).toBeNull();
    expect(await change(client, two, one)).toBe("password-used-before");
    expect(await change(client, two, three)).toBeNull();
    expect(await change(client, three, two)).toBe("password-used-before");
    expect(await change(client, three, one)).toBeNull();
    await setPolicy({});
  });
});

describe("a password that has to go", () => {
  test("lets nobody in before there is another, and not twice the same", async () => {
    const client = await hub.as("user");
    const { id, email } = await meOf(client);
    await admin.mutate("people.requireNewPassword", { id });
    expect(await isIn(client)).toBe(true); // holds from the next sign-in
    const half = await TestClient.signIn(hub.url, { email, password: person.password });
    expect(await half.query("auth.state")).toMatchObject({ signedIn: false, pending: "password" });
    expect(await isIn(half)).toBe(false);
    const choose = (password: string) => half.refusal(half.mutate("auth.newPassword", { password }));
    expect(await choose(person.password)).toBe("password-used-before");
    expect(await isIn(half)).toBe(false);
    expect(await choose("another password altogether")).toBeNull();
    expect(await isIn(half)).toBe(true);
    expect(await isIn(client)).toBe(false); // whoever held the old password is out
    expect(await choose("and one more password")).toBe("not-signed-in");
    const again = await TestClient.signIn(hub.url, { email, password: "another password altogether" });
    expect(await isIn(again)).toBe(true);
  });

  test("is one older than the organisation allows", () => {
    const now = systemClock.now();
    const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
    const user = { mustChangePassword: false, passwordChangedAt: null, createdAt: daysAgo(31) };
    const policy = { ...asAtFirst, passwordDaysMax: 30 };
    expect(mustChangePassword(user, policy, now)).toBe(true);
    expect(mustChangePassword({ ...user, passwordChangedAt: daysAgo(29) }, policy, now)).toBe(false);
    expect(mustChangePassword({ ...user, passwordChangedAt: daysAgo(31) }, asAtFirst, now)).toBe(false);
    expect(mustChangePassword({ ...user, mustChangePassword: true }, asAtFirst, now)).toBe(true);
  });
});

test("an administrator sees where a person is signed in and ends it there", async () => {
  const client = await hub.as("user");
  const { id, email } = await meOf(client);
  const elsewhere = await TestClient.signIn(hub.url, { email, password: person.password });
  const { items } = await admin.query<{ items: { id: string }[] }>("people.sessions", { id });
  expect(items).toHaveLength(2);
  const own = await elsewhere.query<{ items: { id: string; current: boolean }[] }>("auth.sessions");
  const sessionId = own.items.find(({ current }) => current)?.id;
  const stranger = await meOf(await hub.as("user"));
  expect(await admin.refusal(admin.mutate("people.endSession", { id: stranger.id, sessionId }))).toBe("not-found");
  const { client: foreign } = await adminOfSecondOrganisation(hub);
  expect(await foreign.refusal(foreign.mutate("people.endSession", { id, sessionId }))).toBe("not-found");
  await admin.mutate("people.endSession", { id, sessionId });
  expect(await isIn(elsewhere)).toBe(false);
  expect(await isIn(client)).toBe(true);
});

test("who stays away for longer than allowed is disabled, but never the last administrator, and may come back", async () => {
  const [idle, active] = [await hub.as("user"), await hub.as("user")];
  const [idleId, activeId] = [(await meOf(idle)).id, (await meOf(active)).id];
  const adminId = (await meOf(admin)).id;
  await setPolicy({ idleDaysMax: 30 });
  const long = new Date(clock.now().getTime() - 31 * 86_400_000);
  await hub.sql`update users set created_at = ${long}, last_sign_in_at = ${long} where id in ${hub.sql([idleId, adminId])}`;
  const ended: string[] = [];
  const look = () =>
    disableIdle({ db: drizzle(hub.sql), clock }, async (id) => {
      ended.push(id);
    });
  await look();
  const stateOf = async (id: string) => (await admin.query<{ state: string }>("people.get", { id })).state;
  expect([await stateOf(idleId), await stateOf(activeId), await stateOf(adminId)]).toEqual(["disabled", "active", "active"]);
  expect(ended).toEqual([idleId]);
  expect(await isIn(idle)).toBe(false);
  await admin.mutate("people.enable", { id: idleId });
  await look();
  expect(await stateOf(idleId)).toBe("active");
  await setPolicy({});
});

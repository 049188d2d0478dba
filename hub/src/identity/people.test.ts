// Set-up, invitations, resets and administrators: links work once, and a hub never loses its last administrator.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, person, TestHub } from "../testing/test-hub.ts";

const tokenOf = (link: string): string => new URL(link).searchParams.get("token") ?? "";
const password = "a-password-of-some-length";

describe("the set-up link", () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start({ adminEmail: undefined, adminPassword: undefined });
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  test("makes the first administrator once, of ten at once, and never again", async () => {
    const link = hub.hub.setupLink ?? "";
    const token = tokenOf(link);
    const stranger = new TestClient(hub.url);
    expect(await stranger.query("auth.state")).toMatchObject({ signedIn: false, needsSetup: true });
    const setUp = (given: string, email = `${newId("admin")}@example.org`) =>
      stranger.refusal(stranger.mutate("auth.setup", { token: given, name: "First", email, password }));
    expect(await setUp("sps_guessed")).toBe("bad-token");
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => setUp(token)));
    expect(outcomes.filter((code) => code === null)).toHaveLength(1);
    expect(new Set(outcomes.filter((code) => code !== null))).not.toContain("internal");
    const [row] = await hub.sql`select count(*)::int as people from users`;
    expect(row).toEqual({ people: 1 });
    for (const again of [token, "sps_guessed", ""]) expect(["setup-done", "bad-input"]).toContain(await setUp(again));
    expect(await stranger.query("auth.state")).toMatchObject({ needsSetup: false });
    await hub.restart();
    expect(hub.hub.setupLink).toBeNull();
  });
});

describe("people", () => {
  const clock = new TestClock();
  let hub: TestHub;
  let admin: TestClient;
  beforeAll(async () => {
    hub = await TestHub.start({}, { clock });
    admin = await hub.asAdmin();
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  const idOf = async (client: TestClient) => (await client.query<{ me: { id: string } }>("auth.state")).me.id;
  const emailOf = async (client: TestClient) => (await client.query<{ me: { email: string } }>("auth.state")).me.email;
  const accept = (token: string) =>
    new TestClient(hub.url).refusal(new TestClient(hub.url).mutate("auth.acceptInvite", { token, name: "New", password }));
  const invite = async () =>
    tokenOf(
      (await admin.mutate<{ link: string }>("people.invite", { email: `${newId("p")}@example.org`, name: "P", role: "user" }))
        .link,
    );

  test("an invitation works once, of ten at once", async () => {
    const token = await invite();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => accept(token)));
    expect(outcomes.filter((code) => code === null)).toHaveLength(1);
    expect(new Set(outcomes.filter((code) => code !== null))).toEqual(new Set(["bad-token"]));
    clock.advance(61_000); // tries of an address are counted by the minute
  });

  test("an invitation that has expired, was replaced or is of another kind does not work", async () => {
    const late = await invite();
    clock.advance(8 * 24 * 3_600_000);
    expect(await accept(late)).toBe("bad-token");
    const { id, link } = await admin.mutate<{ id: string; link: string }>("people.invite", {
      email: `${newId("p")}@example.org`,
      name: "P",
      role: "user",
    });
    const { link: newer } = await admin.mutate<{ link: string }>("people.resetLink", { id });
    expect(await accept(tokenOf(link))).toBe("bad-token");
    expect(await accept(tokenOf(newer))).toBeNull();
    const stranger = new TestClient(hub.url);
    const setUp = { token: await invite(), name: "X", email: "x@example.org", password };
    expect(await stranger.refusal(stranger.mutate("auth.setup", setUp))).toBe("setup-done");
  });

  test("a reset link ends every sign-in of its person", async () => {
    const client = await hub.as("user");
    const { link } = await admin.mutate<{ link: string }>("people.resetLink", { id: await idOf(client) });
    expect(await client.refusal(client.query("keys.list"))).toBeNull(); // made is not used
    expect(await accept(tokenOf(link))).toBeNull();
    expect(await client.refusal(client.query("keys.list"))).toBe("not-signed-in");
    expect(await accept(tokenOf(link))).toBe("bad-token");
  });

  test("a disabled person cannot come back through an old link", async () => {
    const client = await hub.as("user");
    const id = await idOf(client);
    const { link } = await admin.mutate<{ link: string }>("people.resetLink", { id });
    await admin.mutate("people.disable", { id });
    expect(await accept(tokenOf(link))).toBe("bad-token");
  });

  test("the last administrator can neither be demoted nor disabled", async () => {
    const id = await idOf(admin);
    expect(await admin.refusal(admin.mutate("people.setRole", { id, role: "user" }))).toBe("last-admin");
    expect(await admin.refusal(admin.mutate("people.disable", { id }))).toBe("last-admin");
    // One who was invited and has not come, and one who was disabled, cannot take over.
    await admin.mutate("people.invite", { email: `${newId("p")}@example.org`, name: "P", role: "admin" });
    const away = await hub.as("admin");
    await admin.mutate("people.disable", { id: await idOf(away) });
    expect(await admin.refusal(admin.mutate("people.disable", { id }))).toBe("last-admin");
    clock.advance(61_000);
  });

  test.each<["people.setRole" | "people.disable", "people.setRole" | "people.disable"]>([
    ["people.setRole", "people.setRole"],
    ["people.disable", "people.disable"],
    ["people.setRole", "people.disable"],
  ])("two administrators cannot remove each other at once (%s, %s)", async (one, other) => {
    const [first, second] = [await hub.as("admin"), await hub.as("admin")];
    const [firstId, secondId] = [await idOf(first), await idOf(second)];
    await hub.sql`update users set disabled_at = now() where id = ${await idOf(admin)}`; // the two are all there is
    const outcomes = await Promise.all([
      first.refusal(first.mutate(one, { id: secondId, role: "user" })),
      second.refusal(second.mutate(other, { id: firstId, role: "user" })),
    ]);
    const [row] =
      await hub.sql`select count(*)::int as left from users where role = 'admin' and accepted and disabled_at is null`;
    await hub.sql`update users set disabled_at = null where email = ${administrator.email}`;
    await hub.sql`update users set role = 'user' where id in ${hub.sql([firstId, secondId])}`;
    expect(row).toEqual({ left: 1 });
    expect(outcomes.filter((code) => code === null)).toHaveLength(1);
    expect(outcomes).not.toContain("internal");
  });

  test("an access key works until it is revoked, expires, or its person is disabled", async () => {
    const client = await hub.as("user");
    const [kept, revoked, expiring] = await Promise.all(
      [{ name: "kept" }, { name: "revoked" }, { name: "expiring", expiresInDays: 1 }].map((input) =>
        client.mutate<{ id: string; key: string }>("keys.create", input),
      ),
    );
    const works = async (key: string) =>
      (await new TestClient(hub.url, { authorization: `Bearer ${key}` }).rest("GET", "/api/v1/assets")).status;
    for (const one of [kept, revoked, expiring]) expect(await works(one?.key ?? "")).toBe(200);
    await client.mutate("keys.revoke", { id: revoked?.id });
    clock.advance(24 * 3_600_000 + 1_000);
    expect(await works(kept?.key ?? "")).toBe(200);
    expect(await works(revoked?.key ?? "")).toBe(401);
    expect(await works(expiring?.key ?? "")).toBe(401);
    for (const wrong of ["sp_", "sp_guess", `${kept?.key}x`, (kept?.key ?? "").toUpperCase()])
      expect(await works(wrong)).toBe(401);
    const other = await hub.as("user");
    expect(await other.refusal(other.mutate("keys.revoke", { id: kept?.id }))).toBe("not-found");
    const rows = await hub.sql`select key_hash from access_keys`;
    expect(JSON.stringify(rows)).not.toContain(kept?.key.slice(3));
    await admin.mutate("people.disable", { id: await idOf(client) });
    expect(await works(kept?.key ?? "")).toBe(401);
  });

  test("an e-mail address is one person, however it is written", async () => {
    const client = await hub.as("user");
    const email = (await emailOf(client)).toUpperCase();
    expect(await admin.refusal(admin.mutate("people.invite", { email, name: "Again", role: "user" }))).toBe("email-taken");
    clock.advance(61_000);
    await expect(TestClient.signIn(hub.url, { email, password: person.password })).resolves.toBeDefined();
  });
});

import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let home: string;
let agent: TestAgent;
let assetId: string;

type Me = { id: string; email: string; role: string; org: { id: string; name: string }; permissions: string[] };
const meOf = async (client: TestClient) => (await client.query<{ me: Me | null }>("auth.state")).me;
const made = async (name: string = newId("org")) => (await admin.mutate<{ id: string }>("organisations.create", { name })).id;
const enter = (client: TestClient, id: string) => client.mutate("organisations.enter", { id });
const confirm = () => admin.mutate("auth.confirm", { password: adminCredentials.password });
/** A person at home in the first organisation who is a guest of another. */
const guestOf = async (orgId: string, role: string, own: "user" | "admin" = "user") => {
  const client = await hub.as(own, "guest");
  const me = await meOf(client);
  await admin.mutate("organisations.addMember", { id: orgId, email: me?.email, role });
  return { client, id: me?.id ?? "", email: me?.email ?? "" };
};
/** Done by the system administrator in another organisation. */
const there = async <T>(orgId: string, work: () => Promise<T>): Promise<T> => {
  await enter(admin, orgId);
  try {
    return await work();
  } finally {
    await enter(admin, home);
  }
};

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  home = (await meOf(admin))?.org.id ?? "";
  agent = await hub.enrolAgent({ script: () => null });
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(() => clock.advance(61_000));
afterAll(() => hub[Symbol.asyncDispose]());

test("a guest works in the other organisation by his role there, sees nothing of the one he came from, and goes home again", async () => {
  const orgId = await made("Elsewhere");
  const { client, id } = await guestOf(orgId, "auditor");
  expect(await client.refusal(client.query("people.list", {}))).toBe("forbidden");
  await enter(client, orgId);
  expect(await meOf(client)).toMatchObject({ role: "auditor", org: { id: orgId, name: "Elsewhere" } });
  const { items } = await client.query<{ items: { id: string; guest: boolean; role: string }[] }>("people.list", {});
  expect(items.map((one) => one.guest)).toEqual([true, true]);
  expect(items.find((one) => one.id === id)?.role).toBe("auditor");
  expect(await client.query("fleet.agents", {})).toMatchObject({ items: [] });
  expect(await client.refusal(client.query("fleet.agent", { id: agent.id }))).toBe("not-found");
  const inAudit = JSON.stringify(await client.query("audit.list", {}));
  expect(inAudit).not.toContain(agent.id);
  const key = await client.withKey();
  await enter(client, home);
  expect(await meOf(client)).toMatchObject({ role: "user", org: { id: home } });
  expect(await meOf(key)).toMatchObject({ role: "auditor", org: { id: orgId } }); // a key works where it was made
  expect(await client.query("organisations.mine")).toMatchObject({ items: [{ role: "user" }, { id: orgId, role: "auditor" }] });
});

test("the account belongs to its home: administrators elsewhere change the guest's role there and send him home, nothing else", async () => {
  const orgId = await made();
  const { client, id } = await guestOf(orgId, "user");
  const other = await guestOf(orgId, "admin");
  await enter(client, orgId);
  await enter(other.client, orgId);
  for (const name of ["people.disable", "people.resetLink", "people.requireNewPassword", "people.sessions", "people.unlock"])
    expect(
      await other.client.refusal(
        name === "people.sessions" ? other.client.query(name, { id }) : other.client.mutate(name, { id }),
      ),
      name,
    ).toBe("not-found");
  expect(await other.client.refusal(other.client.mutate("people.update", { id, email: "stolen@example.org" }))).toBe("not-found");
  await other.client.mutate("people.setRole", { id, role: "auditor" });
  expect(await meOf(client)).toMatchObject({ role: "auditor", org: { id: orgId } });
  const { id: groupId } = await other.client.mutate<{ id: string }>("groups.create", { name: "g" });
  await other.client.mutate("groups.addMembers", { id: groupId, userIds: [id] });
  expect(await admin.query("people.get", { id })).toMatchObject({ role: "user", groups: [] }); // home is told nothing of it
  await other.client.mutate("organisations.removeGuest", { id });
  expect(await meOf(client)).toMatchObject({ role: "user", org: { id: home } });
  expect(await client.refusal(enter(client, orgId))).toBe("not-found");
  expect(await other.client.refusal(other.client.query("people.get", { id }))).toBe("not-found");
});

test("a guest who is sent away, and everybody of an organisation that is disabled, has no terminal left", async () => {
  const orgId = await made();
  const guestAgent = await there(orgId, () => hub.enrolAgent({ script: () => null }));
  const target = await there(orgId, () => admin.query<{ assetId: string }>("fleet.agent", { id: guestAgent.id }));
  const { client, id } = await guestOf(orgId, "user");
  const grant = {
    name: "guests",
    subjects: [{ kind: "user", id }],
    targets: [{ kind: "asset", id: target.assetId }],
    accounts: ["@all"],
    actions: ["connect"],
  };
  await there(orgId, () => admin.mutate("access.grant", grant));
  await enter(client, orgId);
  const terminal = await client.openTerminal(target.assetId);
  expect(terminal.find("opened")).toBeDefined();
  await there(orgId, () => admin.mutate("organisations.removeGuest", { id }));
  await terminal.until(() => terminal.find("ended") !== undefined);
  await admin.mutate("organisations.addMember", { id: orgId, email: (await meOf(client))?.email, role: "user" });
  await enter(client, orgId);
  const again = await client.openTerminal(target.assetId);
  await confirm();
  await admin.mutate("organisations.disable", { id: orgId });
  await again.until(() => again.find("ended") !== undefined);
  expect(await meOf(client)).toMatchObject({ org: { id: home } });
  expect(await client.refusal(enter(client, orgId))).toBe("not-found");
  expect((await client.openTerminal(assetId)).find("error")?.["code"]).toBe("not-found"); // at home he has no grant
});

test("people at home in a disabled organisation are out and cannot sign in until it is enabled", async () => {
  const orgId = await made();
  const credentials = { email: `${newId("p")}@example.org`, password: person.password };
  const { link } = await there(orgId, () =>
    admin.mutate<{ link: string }>("people.invite", { email: credentials.email, name: "Tenant", role: "admin" }),
  );
  const token = new URL(link).searchParams.get("token");
  const tenant = await TestClient.enter(hub.url, "auth.acceptInvite", { token, name: "Tenant", password: person.password });
  expect(await meOf(tenant)).toMatchObject({ role: "admin", org: { id: orgId } });
  await confirm();
  await admin.mutate("organisations.disable", { id: orgId });
  expect(await meOf(tenant)).toBeNull();
  expect(await admin.refusal(TestClient.signIn(hub.url, credentials))).toBe("bad-credentials");
  await admin.mutate("organisations.enable", { id: orgId });
  expect(await meOf(await TestClient.signIn(hub.url, credentials))).toMatchObject({ org: { id: orgId } });
});

test("administrators of an organisation are no system administrators and become none", async () => {
  const second = await hub.as("admin", "second");
  const systemAdmin = (await meOf(admin))?.id;
  for (const name of ["people.resetLink", "people.disable", "people.requireNewPassword", "people.resetSecondFactor"])
    expect(await second.refusal(second.mutate(name, { id: systemAdmin })), name).toBe("forbidden");
  expect(await second.refusal(second.mutate("people.update", { id: systemAdmin, email: "mine@example.org" }))).toBe("forbidden");
  const own = (await meOf(second))?.id;
  expect(await second.refusal(second.mutate("organisations.setSystemAdmin", { id: own, systemAdmin: true }))).toBe("forbidden");
  await confirm();
  expect(await admin.refusal(admin.mutate("organisations.setSystemAdmin", { id: systemAdmin, systemAdmin: false }))).toBe(
    "last-admin",
  );
  expect(await admin.refusal(admin.mutate("organisations.disable", { id: home }))).toBe("conflict");
  clock.advance(11 * 60_000);
  expect(await admin.refusal(admin.mutate("organisations.setSystemAdmin", { id: own, systemAdmin: true }))).toBe("confirm-first");
});

test("an organisation's rule on second factors holds for its guests, too", async () => {
  const orgId = await made();
  const { client } = await guestOf(orgId, "auditor");
  const policy = { mfaRoles: ["auditor"], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
  await confirm();
  await there(orgId, () => admin.mutate("signInPolicy.set", policy));
  expect(await client.refusal(enter(client, orgId))).toBe("second-factor-needed");
});

test("the sign-in page of each organisation shows its own providers, and those of no other", async () => {
  const orgId = await made("Bluebird Airlines");
  const settings = {
    kind: "oidc",
    issuer: "https://nowhere.invalid",
    clientId: "c",
    scopes: [],
    groupsClaim: "g",
    usernameClaim: "u",
  };
  const provider = { active: true, settings, secret: null, createsPeople: false, emailDomains: [], mappings: [] };
  await confirm();
  await admin.mutate("providers.create", { ...provider, name: "Own" });
  await there(orgId, () => admin.mutate("providers.create", { ...provider, name: "Bluebird" }));
  const offered = async (org?: string) =>
    (await new TestClient(hub.url).query<{ items: { name: string }[] }>("providers.offered", { org })).items.map(
      ({ name }) => name,
    );
  expect(await offered()).toEqual(["Own"]);
  expect(await offered("bluebird-airlines")).toEqual(["Bluebird"]);
  expect(await offered("nobody")).toEqual([]);
  // Names without Latin letters, and those that give an address which is taken, have one of their own, too.
  for (const name of ["蓝鸟航空", "Bluebird  Airlines"]) await made(name);
  const { items } = await admin.query<{ items: { slug: string }[] }>("organisations.list");
  expect(new Set(items.map(({ slug }) => slug)).size).toBe(items.length);
  expect(items.every(({ slug }) => /^[a-z0-9-]{2,64}$/.test(slug))).toBe(true);
});

test("two organisations have two names", async () => {
  const name = newId("org");
  await made(name);
  expect(await admin.refusal(made(name))).toBe("name-taken");
});

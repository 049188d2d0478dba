import { newId } from "@sallyport/protocol/ids";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import {
  comeBack,
  goToProvider,
  type OidcServer,
  oidcClient,
  signInAt,
  startOidcServer,
  unsigned,
} from "../testing/oidc-server.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let server: OidcServer;
let other: OidcServer;
let providerId: string;
let otherId: string;
let groups: { staff: string; ops: string };

const settingsOf = (issuer: string) => ({
  kind: "oidc",
  issuer,
  clientId: oidcClient.id,
  scopes: [],
  groupsClaim: "groups",
  usernameClaim: "preferred_username",
});
const providerOf = (issuer: string, more: object = {}) => ({
  name: newId("name"),
  active: true,
  settings: settingsOf(issuer),
  secret: oidcClient.secret,
  createsPeople: true,
  emailDomains: [],
  mappings: [],
  ...more,
});
const addProvider = async (issuer: string, more: object = {}): Promise<string> => {
  await admin.mutate("auth.confirm", { password: adminCredentials.password });
  const { id } = await admin.mutate<{ id: string }>("providers.create", providerOf(issuer, more));
  return id;
};
/** Somebody the provider knows. Returns the subject. */
const known = (more: object = {}): string => {
  const sub = newId("sub").replaceAll("_", "-");
  server.people.set(sub, { email: `${sub}@example.org`, email_verified: true, name: "From There", groups: [], ...more });
  return sub;
};
const meOf = async (client: TestClient) =>
  (await client.query<{ me: { id: string; email: string; role: string; username: string } | null }>("auth.state")).me;
const groupsOf = async (client: TestClient) => {
  const me = await meOf(client);
  const { groups } = await admin.query<{ groups: { id: string }[] }>("people.get", { id: me?.id });
  return groups.map(({ id }) => id).sort();
};
const refusedWith = async (sub: string, id = providerId) => (await signInAt(hub.url, id, sub)).location;
const events = async (kind: string) =>
  Number((await hub.sql`select count(*) as n from audit_events where kind = ${kind}`)[0]?.["n"]);

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  [server, other] = await Promise.all([startOidcServer(), startOidcServer()]);
  const group = async (name: string) => (await admin.mutate<{ id: string }>("groups.create", { name })).id;
  groups = { staff: await group("staff"), ops: await group("ops") };
  const mappings = [
    { value: "all-staff", groupId: groups.staff, role: null },
    { value: "ops", groupId: groups.ops, role: null },
    { value: "auditors", groupId: null, role: "auditor" },
  ];
  providerId = await addProvider(server.issuer, { mappings });
  otherId = await addProvider(other.issuer);
  const { items } = await admin.query<{ items: { id: string; callbackUrl: string }[] }>("providers.list");
  const callbackOf = (id: string) => items.find((one) => one.id === id)?.callbackUrl ?? "";
  server.allow(callbackOf(providerId));
  other.allow(callbackOf(otherId));
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(() => clock.advance(61_000));
afterEach(() => {
  server.spoiled = {};
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await Promise.all([server, other].map((one) => one[Symbol.asyncDispose]()));
});

describe("somebody whom a provider recognises", () => {
  test("is made at the first sign-in, found again at the next, and goes on to the page he wanted", async () => {
    const sub = known({ preferred_username: "Zoë.Q" });
    const first = await signInAt(hub.url, providerId, sub, { next: "/runs?state=running" });
    expect(first.location).toBe("/runs?state=running");
    const me = await meOf(first.client);
    expect(me).toMatchObject({ name: "From There", email: `${sub}@example.org`, role: "user", username: "zoe.q" });
    server.people.set(sub, { ...server.people.get(sub), email: "moved@example.org" });
    const again = await signInAt(hub.url, providerId, sub);
    expect((await meOf(again.client))?.id).toBe(me?.id);
  });

  test("is the person who has that verified address here, an invitation being accepted by it", async () => {
    const email = `${newId("p")}@example.org`;
    const { id } = await admin.mutate<{ id: string }>("people.invite", { email, name: "Invited", role: "auditor" });
    const { client } = await signInAt(hub.url, providerId, known({ email: email.toUpperCase() }));
    expect(await meOf(client)).toMatchObject({ id, role: "auditor", name: "Invited" });
  });

  test("joins and leaves our groups as his groups there change, and keeps what an administrator decided", async () => {
    const sub = known({ groups: ["all-staff", "ops", "unheard-of"] });
    const { client } = await signInAt(hub.url, providerId, sub);
    expect(await groupsOf(client)).toEqual([groups.ops, groups.staff].sort());
    const me = await meOf(client);
    await admin.mutate("groups.addMembers", { id: groups.ops, userIds: [me?.id] });
    server.people.set(sub, { ...server.people.get(sub), groups: [] });
    expect(await groupsOf((await signInAt(hub.url, providerId, sub)).client)).toEqual([groups.ops]);
  });

  test("has the role that a group there stands for, as long as he is in it; somebody found here keeps his own", async () => {
    const sub = known({ groups: ["auditors"] });
    expect(await meOf((await signInAt(hub.url, providerId, sub)).client)).toMatchObject({ role: "auditor" });
    server.people.set(sub, { ...server.people.get(sub), groups: [] });
    expect(await meOf((await signInAt(hub.url, providerId, sub)).client)).toMatchObject({ role: "user" });
    const here = known({ email: (await meOf(await hub.as("admin", "here")))?.email, groups: ["auditors"] });
    expect(await meOf((await signInAt(hub.url, providerId, here)).client)).toMatchObject({ role: "admin" });
  });

  test("still shows a second factor where the role asks for one", async () => {
    const policy = { mfaRoles: ["auditor"], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: 1, idleDaysMax: null };
    await admin.mutate("signInPolicy.set", policy);
    const { client } = await signInAt(hub.url, providerId, known({ groups: ["auditors"] }));
    expect(await client.query("auth.state")).toMatchObject({ signedIn: false, pending: "enrol" });
    const user = await signInAt(hub.url, providerId, known());
    clock.advance(3 * 86_400_000); // no password of ours that could be too old
    expect(await meOf((await signInAt(hub.url, providerId, known())).client)).toMatchObject({ role: "user" });
    expect(user.location).toBe("/");
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    await admin.mutate("signInPolicy.set", { ...policy, mfaRoles: [], passwordDaysMax: null });
  });

  test("may do a grave act only when the provider has just asked for the password", async () => {
    const sub = known({ email: (await meOf(await hub.as("admin", "grave")))?.email });
    const { client } = await signInAt(hub.url, providerId, sub);
    clock.advance(11 * 60_000);
    expect(await client.refusal(client.mutate("providers.remove", { id: "idp_none" }))).toBe("confirm-first");
    const again = await signInAt(hub.url, providerId, sub, { again: true });
    expect(await again.client.refusal(again.client.mutate("providers.remove", { id: "idp_none" }))).toBe("not-found");
  });

  test("is signed out when the provider is switched off, and leaves its groups when it is removed", async () => {
    const id = await addProvider(server.issuer, { mappings: [{ value: "x", groupId: groups.staff, role: null }] });
    const { items } = await admin.query<{ items: { id: string; callbackUrl: string }[] }>("providers.list");
    const own = await startOidcServer();
    own.allow(items.find((one) => one.id === id)?.callbackUrl ?? "");
    own.people.set("gone", { email: `${newId("p")}@example.org`, email_verified: true, groups: ["x"] });
    await admin.mutate("providers.change", {
      id,
      ...providerOf(own.issuer, { mappings: [{ value: "x", groupId: groups.staff, role: null }] }),
    });
    const { client } = await signInAt(hub.url, id, "gone");
    const me = await meOf(client);
    expect(await groupsOf(client)).toEqual([groups.staff]);
    await admin.mutate("providers.change", { id, ...providerOf(own.issuer, { active: false }) });
    expect(await meOf(client)).toBeNull();
    await admin.mutate("providers.remove", { id });
    expect(await admin.query("people.get", { id: me?.id })).toMatchObject({ groups: [], state: "active" });
    await own[Symbol.asyncDispose]();
  });
});

describe("refused, with the reason on the sign-in page and on record:", () => {
  test.each<[string, object, string]>([
    ["an address that the provider has not verified", { email_verified: false }, "email-unverified"],
    ["an address whose verification is a word", { email_verified: "true" }, "email-unverified"],
    ["no address", { email: undefined }, "no-email"],
    ["an address that is none", { email: "<script>@" }, "no-email"],
  ])("%s", async (_, more, reason) => {
    const before = await events("person.provider-refused");
    expect(await refusedWith(known(more))).toBe(`/sign-in?refused=${reason}`);
    expect(await events("person.provider-refused")).toBe(before + 1);
  });

  test("somebody unknown where nobody is made, a foreign domain, a disabled person, another organisation's", async () => {
    const set = (more: object) =>
      admin.mutate("providers.change", { id: providerId, ...providerOf(server.issuer, more), secret: undefined });
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    await set({ createsPeople: false });
    expect(await refusedWith(known())).toBe("/sign-in?refused=unknown-person");
    await set({ emailDomains: ["example.com"] });
    expect(await refusedWith(known())).toBe("/sign-in?refused=email-domain");
    await set({});
    expect(await refusedWith(known({ email: adminCredentials.email }))).toBe("/sign-in?refused=not-allowed"); // a system administrator
    const sub = known();
    const me = await meOf((await signInAt(hub.url, providerId, sub)).client);
    await admin.mutate("people.disable", { id: me?.id });
    expect(await refusedWith(sub)).toBe("/sign-in?refused=not-allowed");
    const { client } = await adminOfSecondOrganisation(hub);
    expect(await refusedWith(known({ email: (await meOf(client))?.email }))).toBe("/sign-in?refused=unknown-person");
  });

  test("a person who turns it down there", async () => {
    expect(await refusedWith("nobody")).toBe("/sign-in?refused=declined");
  });

  test.each<[string, Parameters<typeof spoil>[0]]>([
    ["an unsigned token", (claims) => unsigned(claims)],
    ["a token of another key", (claims, sign) => `${sign(claims).split(".").slice(0, 2).join(".")}.${"A".repeat(342)}`],
    ["another issuer's token", (claims, sign) => sign({ ...claims, iss: "https://elsewhere.example" })],
    ["another client's token", (claims, sign) => sign({ ...claims, aud: "somebody-else" })],
    ["a token for another question", (claims, sign) => sign({ ...claims, nonce: "another" })],
    ["a token without a nonce", ({ nonce: _, ...claims }, sign) => sign(claims)],
    ["a token that is over", (claims, sign) => sign({ ...claims, exp: 1_000 })],
  ])("%s", async (_, idToken) => {
    spoil(idToken);
    expect(await refusedWith(known())).toBe("/sign-in?refused=proof");
  });

  test("what the provider says of somebody else", async () => {
    server.spoiled = { userinfo: (claims) => ({ ...claims, sub: "another" }) };
    expect(await refusedWith(known())).toBe("/sign-in?refused=proof");
  });

  test("an answer that has come here before", async () => {
    const journey = await goToProvider(hub.url, providerId, known());
    expect((await comeBack(hub.url, journey)).location).toBe("/");
    expect((await comeBack(hub.url, journey)).location).toBe("/sign-in?refused=state");
  });

  test("an answer in another browser, to another journey, after its time, or without any", async () => {
    const [mine, theirs] = [await goToProvider(hub.url, providerId, known()), await goToProvider(hub.url, providerId, known())];
    const refusal = async (callback: string, cookie: string) => (await comeBack(hub.url, { callback, cookie })).location;
    expect(await refusal(theirs.callback, "")).toBe("/sign-in?refused=state");
    expect(await refusal(theirs.callback, mine.cookie)).toBe("/sign-in?refused=state");
    expect(await refusal(theirs.callback.replace(/state=[^&]*/, "state=x"), theirs.cookie)).toBe("/sign-in?refused=state");
    clock.advance(11 * 60_000);
    expect(await refusal(mine.callback, mine.cookie)).toBe("/sign-in?refused=state");
  });

  test("one provider's answer at another's address", async () => {
    const { callback, cookie } = await goToProvider(hub.url, providerId, known());
    expect((await comeBack(hub.url, { callback: callback.replace(providerId, otherId), cookie })).location).toBe(
      "/sign-in?refused=state",
    );
    const mixed = await goToProvider(hub.url, providerId, known());
    const callbackOfOther = mixed.callback.replace(/iss=[^&]*/, `iss=${encodeURIComponent(other.issuer)}`);
    expect((await comeBack(hub.url, { ...mixed, callback: callbackOfOther })).location).toBe("/sign-in?refused=proof");
  });

  test("a way on that leaves the console", async () => {
    for (const next of ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "/\t/elsewhere.example"])
      expect(await admin.refusal(admin.mutate("providers.begin", { id: providerId, next })), next).toBe("bad-input");
  });
});

const spoil = (idToken: NonNullable<OidcServer["spoiled"]["idToken"]>): void => {
  server.spoiled = { idToken };
};

describe("an administrator who sets a provider up", () => {
  const testOf = async (issuer: string, more: object = {}) => {
    const id = await addProvider(issuer, more);
    const result = await admin.mutate<{ code: string; works: boolean }>("providers.test", { id });
    await admin.mutate("providers.remove", { id });
    return result.code;
  };

  test("is told by a test why it does not work", async () => {
    expect(await testOf(server.issuer)).toBe("works");
    const gone = await startOidcServer();
    await gone[Symbol.asyncDispose]();
    expect(await testOf(gone.issuer)).toBe("refused");
    expect(await testOf("https://nowhere.invalid")).toBe("name-unknown");
    expect(await testOf(hub.url)).toBe("not-a-provider");
    server.spoiled = { discovery: (document) => ({ ...document, issuer: "https://elsewhere.example" }) };
    expect(await testOf(server.issuer)).toBe("other-issuer");
  });

  test("has shown a factor lately, gives no address without TLS, and never sees the secret again", async () => {
    clock.advance(11 * 60_000);
    expect(await admin.refusal(admin.mutate("providers.create", providerOf(server.issuer)))).toBe("confirm-first");
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    expect(await admin.refusal(admin.mutate("providers.create", providerOf("http://idp.example.org")))).toBe("bad-input");
    const listed = await (await admin.rest("GET", "/api/v1/providers")).text();
    expect(listed).toContain(server.issuer);
    expect(listed).not.toContain(oidcClient.secret);
    const [row] = await hub.sql`select secret, settings::text from identity_providers where id = ${providerId}`;
    expect(JSON.stringify(row) + Buffer.from(row?.["secret"] ?? []).toString("latin1")).not.toContain(oidcClient.secret);
  });

  test("gives no group of another organisation", async () => {
    const { client } = await adminOfSecondOrganisation(hub);
    await client.mutate("auth.confirm", { password: person.password });
    const mappings = [{ value: "x", groupId: groups.staff, role: null }];
    expect(await client.refusal(client.mutate("providers.create", providerOf(server.issuer, { mappings })))).toBe("not-found");
  });
});

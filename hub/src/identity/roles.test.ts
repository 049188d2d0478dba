// Roles that an organisation makes: what they let do, and that nobody gets or gives more than he has.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, person, TestHub } from "../testing/test-hub.ts";
import type { Role } from "./schema.ts";

type Me = { id: string; email: string; role: Role; roleName: string | null; permissions: string[] };
type Listed = { id: Role; name: string; builtIn: boolean; permissions: string[]; people: number };

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let assetId: string;
let adminId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  adminId = (await meOf(admin)).id;
  const agent = await hub.enrolAgent({ script: () => null });
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(async () => {
  clock.advance(61_000);
  await admin.mutate("auth.confirm", { password: adminCredentials.password });
});
afterAll(() => hub[Symbol.asyncDispose]());

const meOf = async (client: TestClient) => (await client.query<{ me: Me }>("auth.state")).me;
const fields = (permissions: string[], name: string = newId("role")) => ({ name, description: "for a test", permissions });
const made = async (permissions: string[], name?: string, by = admin) =>
  (await by.mutate<{ id: Role }>("roles.create", fields(permissions, name))).id;
const listed = async (id: Role, by = admin) =>
  (await by.query<{ items: Listed[] }>("roles.list")).items.find((role) => role.id === id);
const personId = async () =>
  (await admin.mutate<{ id: string }>("people.invite", { email: `${newId("p")}@example.org`, name: "P", role: "user" })).id;
const lastEvent = async (kind: string) =>
  (await hub.sql`select subject_name, data from audit_events where kind = ${kind} order by seq desc limit 1`)[0];

describe("what a role lets do", () => {
  test("is what it names, and each change of it holds from the next request on", async () => {
    const id = await made(["audit.read"], "Witness");
    const client = await hub.as(id);
    expect(await meOf(client)).toMatchObject({ role: id, roleName: "Witness", permissions: ["audit.read"] });
    await client.query("audit.list", {});
    expect(await client.refusal(client.query("people.list", {}))).toBe("forbidden");
    const key = await client.withKey();
    await admin.mutate("roles.change", { id, ...fields(["people.read"], "Registrar") });
    expect(await client.refusal(client.query("audit.list", {}))).toBe("forbidden");
    expect(await key.refusal(key.query("audit.list", {}))).toBe("forbidden");
    expect(await client.query("people.list", { role: id })).toMatchObject({ items: [{ role: id, roleName: "Registrar" }] });
    expect(await listed(id)).toMatchObject({ name: "Registrar", builtIn: false, people: 1 });
    expect(await lastEvent("role.changed")).toMatchObject({
      subject_name: "Registrar",
      data: {
        before: JSON.stringify({ name: "Witness", permissions: ["audit.read"] }),
        after: JSON.stringify({ name: "Registrar", permissions: ["people.read"] }),
      },
    });
  });

  test("reaches what grants to the role name, and a terminal ends with the permission", async () => {
    const id = await made(["terminal.open"]);
    const grant = { subjects: [{ kind: "role", id }], targets: [{ kind: "asset", id: assetId }], accounts: ["@all"] };
    await admin.mutate("access.grant", { ...grant, name: "to a role", actions: ["connect"] });
    expect(await admin.query("access.findSubjects", { search: (await listed(id))?.name })).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ kind: "role", id })]),
    });
    const client = await hub.as(id);
    const terminal = await client.openTerminal(assetId);
    expect(terminal.find("opened")).toBeDefined();
    await admin.mutate("roles.change", { id, ...fields([]) });
    await terminal.until(() => terminal.find("ended") !== undefined);
  });

  test("may ask for a second factor, as a built-in one may", async () => {
    const id = await made(["people.read"]);
    const policy = { passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
    const { email } = await meOf(await hub.as(id));
    await admin.mutate("signInPolicy.set", { ...policy, mfaRoles: [id] });
    const half = await new TestClient(hub.url).mutate("auth.signIn", { email, password: person.password });
    expect(half).toMatchObject({ stage: "enrol", me: null });
    await admin.mutate("roles.remove", { id, to: "user" });
    expect(await admin.query("signInPolicy.get")).toMatchObject({ mfaRoles: [] });
  });
});

describe("nobody gets or gives more than he has", () => {
  test("whoever manages people makes, changes, gives and removes only what he may himself", async () => {
    const above = await made(["audit.read"]);
    const client = await hub.as(await made(["people.read", "people.manage"], "Staff office"), "office");
    await hub.sql`update auth_sessions set confirmed_at = ${clock.now()}`;
    const own = await meOf(client);
    const someone = await personId();
    const tries: [string, object][] = [
      ["roles.create", fields(["audit.read"])],
      ["roles.change", { id: own.role, ...fields(["people.manage", "secrets.reveal"]) }],
      ["roles.change", { id: above, ...fields([]) }],
      ["roles.remove", { id: above }],
      ["people.setRole", { id: own.id, role: "admin" }],
      ["people.setRole", { id: someone, role: above }],
      ["people.invite", { email: `${newId("p")}@example.org`, name: "P", role: above }],
      ["people.setRole", { id: adminId, role: own.role }],
    ];
    for (const [name, input] of tries) expect(await client.refusal(client.mutate(name, input)), name).toBe("forbidden");
    const csv = `name,email,role\nP,${newId("p")}@example.org,admin\n`;
    expect(await client.mutate("people.import", { csv, apply: true })).toMatchObject({
      applied: false,
      errors: [{ field: "role", code: "not-yours" }],
    });
    const below = await made(["people.read"], undefined, client);
    await client.mutate("roles.change", { id: below, ...fields(["people.read", "people.manage"]) });
    await client.mutate("roles.remove", { id: below });
  });

  test("and takes over no account that may more: no reset link, no lost factor, no new address", async () => {
    const client = await hub.as(await made(["people.read", "people.manage", "settings.manage"]), "office");
    await hub.sql`update auth_sessions set confirmed_at = ${clock.now()}`;
    const boss = (await meOf(await hub.as("admin", "boss"))).id;
    for (const name of ["people.resetLink", "people.disable", "people.resetSecondFactor", "people.requireNewPassword"])
      expect(await client.refusal(client.mutate(name, { id: boss })), name).toBe("forbidden");
    expect(await client.refusal(client.mutate("people.update", { id: boss, email: "mine@example.org" }))).toBe("forbidden");
    // A provider of his own could recognise anybody as anybody.
    const settings = {
      kind: "oidc",
      issuer: "https://nowhere.invalid",
      clientId: "c",
      scopes: [],
      groupsClaim: "g",
      usernameClaim: "u",
    };
    const provider = { name: "mine", active: true, settings, secret: null, createsPeople: false, emailDomains: [], mappings: [] };
    expect(await client.refusal(client.mutate("providers.create", provider))).toBe("forbidden");
  });

  test("an access key, and who showed no factor lately, changes no role", async () => {
    const id = await made([]);
    const key = await admin.withKey();
    clock.advance(11 * 60_000);
    for (const client of [key, admin])
      for (const [name, input] of [
        ["roles.create", fields([])],
        ["roles.change", { id, ...fields([]) }],
        ["roles.remove", { id }],
      ] as const)
        expect(await client.refusal(client.mutate(name, input)), name).toBe("confirm-first");
  });

  test("another organisation's role is answered as one that does not exist", async () => {
    const id = await made([]);
    const { client } = await adminOfSecondOrganisation(hub);
    await hub.sql`update auth_sessions set confirmed_at = ${clock.now()}`;
    const own = (await meOf(client)).id;
    const grant = { name: "g", targets: [{ kind: "all", id: "" }], accounts: ["@all"], actions: ["connect"] };
    const policy = { passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
    const calls = (role: string): [string, object][] => [
      ["roles.change", { id: role, ...fields([]) }],
      ["roles.remove", { id: role }],
      ["people.setRole", { id: own, role }],
      ["people.invite", { email: "p@example.org", name: "P", role }],
      ["signInPolicy.set", { ...policy, mfaRoles: [role] }],
      ["access.grant", { ...grant, subjects: [{ kind: "role", id: role }] }],
    ];
    const nobodys = calls(newId("rol"));
    for (const [n, [name, input]] of calls(id).entries()) {
      const answer = await (await client.post(name, input)).text();
      expect(answer, name).toContain('"hubCode":"not-found"');
      expect(answer, name).toBe(await (await client.post(name, nobodys[n]?.[1])).text());
    }
    expect(await listed(id, client)).toBeUndefined();
  });
});

describe("a role that is removed", () => {
  test("sends its people where the administrator says, and is refused with their number until he does", async () => {
    const id = await made(["audit.read"], "Doomed");
    const client = await hub.as(id);
    const invited = await personId();
    await admin.mutate("people.setRole", { id: invited, role: id });
    const refused = await (await admin.post("roles.remove", { id })).text();
    expect(refused).toContain('"hubCode":"role-in-use"');
    expect(refused).toContain('"people":2');
    await admin.mutate("roles.remove", { id, to: "auditor" });
    expect(await meOf(client)).toMatchObject({ role: "auditor", roleName: null });
    expect(await admin.query("people.get", { id: invited })).toMatchObject({ role: "auditor" });
    const { data } = (await lastEvent("role.deleted")) ?? {};
    expect(data).toMatchObject({ to: "auditor", people: 2 });
    expect(data.userIds).toContain(invited);
  });

  test("is given to nobody while it goes: of two at once, either the person has it or it is gone", async () => {
    for (let round = 0; round < 5; round++) {
      const [id, someone] = [await made([]), await personId()];
      await Promise.allSettled([admin.mutate("people.setRole", { id: someone, role: id }), admin.mutate("roles.remove", { id })]);
      const left = await listed(id);
      const { role } = await admin.query<{ role: Role }>("people.get", { id: someone });
      expect(left === undefined ? "user" : id).toBe(role);
    }
  });

  test("leaves no mapping and no grant that names it", async () => {
    const id = await made([]);
    const settings = {
      kind: "oidc",
      issuer: "https://nowhere.invalid",
      clientId: "c",
      scopes: [],
      groupsClaim: "g",
      usernameClaim: "u",
    };
    const mappings = [{ value: "there", groupId: null, role: id }];
    const provider = { name: newId("idp"), active: true, settings, secret: null, createsPeople: true, emailDomains: [] };
    await admin.mutate("providers.create", { ...provider, mappings });
    const grant = { name: "g", targets: [{ kind: "asset", id: assetId }], accounts: ["@all"], actions: ["connect"] };
    const given = await admin.mutate<{ id: string }>("access.grant", { ...grant, subjects: [{ kind: "role", id }] });
    expect(await admin.query("providers.list")).toMatchObject({ items: [{ mappings }] });
    await admin.mutate("roles.remove", { id });
    expect(await admin.query("providers.list")).toMatchObject({ items: [{ mappings: [] }] });
    expect(await admin.query("access.get", { id: given.id })).toMatchObject({ subjects: [] });
  });
});

test("a file of people names roles as people read them, and what is exported is read again", async () => {
  const id = await made(["people.read"], "Front desk, nights");
  const email = `${newId("p")}@example.org`;
  const csv = `name,email,role\nNew,${email},"Front desk, nights"\n`;
  expect(await admin.mutate("people.import", { csv, apply: true })).toMatchObject({ applied: true, created: 1 });
  expect(await listed(id)).toMatchObject({ people: 1 });
  const file = await (await admin.rest("GET", "/api/v1/people.csv")).text();
  expect(file).toContain('"Front desk, nights"');
  expect(await admin.mutate("people.import", { csv, apply: true })).toMatchObject({ applied: true, unchanged: 1 });
});

test("names are unique, and not those of built-in roles", async () => {
  await made([], "Twice");
  expect(await admin.refusal(made([], "Twice"))).toBe("name-taken");
  expect(await admin.refusal(made([], "Admin"))).toBe("bad-input");
});

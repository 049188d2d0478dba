import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import {
  type LdapServer,
  ldapBase,
  ldapPassword,
  ldapService,
  missingLdapServer,
  startLdapServer,
} from "../testing/ldap-server.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();

describe.skipIf(missingLdapServer !== null)(`a directory${missingLdapServer === null ? "" : `: ${missingLdapServer}`}`, () => {
  let hub: TestHub;
  let admin: TestClient;
  let server: LdapServer;
  let providerId: string;
  let staff: string;

  const providerOf = (settings: object = {}, more: object = {}) => ({
    name: newId("name"),
    active: true,
    settings: {
      kind: "ldap",
      url: server.url,
      startTls: true,
      ca: server.ca,
      bindDn: ldapService.dn,
      baseDn: ldapBase,
      userFilter: "(&(objectClass=inetOrgPerson)(!(description=left)))",
      usernameAttribute: "uid",
      idAttribute: "entryUUID",
      emailAttribute: "mail",
      nameAttribute: "cn",
      groupBaseDn: `ou=groups,${ldapBase}`,
      ...settings,
    },
    secret: ldapService.password,
    createsPeople: true,
    emailDomains: [],
    mappings: [],
    ...more,
  });
  const addProvider = async (settings: object = {}, more: object = {}) => {
    await admin.mutate("auth.confirm", { password: adminCredentials.password });
    return (await admin.mutate<{ id: string }>("providers.create", providerOf(settings, more))).id;
  };
  const signIn = (username: string, password = ldapPassword, id = providerId) =>
    TestClient.enter(hub.url, "providers.signInLdap", { id, username, password });
  const refusal = (username: string, password?: string, id?: string) => admin.refusal(signIn(username, password, id));
  const meOf = async (client: TestClient) =>
    (await client.query<{ me: { id: string; email: string; name: string; username: string } | null }>("auth.state")).me;
  const known = () => server.addPerson(`p${newId("u").slice(-12)}`);
  const groupsOf = async (id: string | undefined) =>
    (await admin.query<{ groups: { id: string }[] }>("people.get", { id })).groups.map((group) => group.id);

  beforeAll(async () => {
    [hub, server] = await Promise.all([TestHub.start({}, { clock }), startLdapServer()]);
    admin = await hub.asAdmin();
    staff = (await admin.mutate<{ id: string }>("groups.create", { name: "staff" })).id;
    providerId = await addProvider({}, { mappings: [{ value: "Staff", groupId: staff, role: null }] });
  });
  // Tries of an address are counted by the minute, and this is one address.
  beforeEach(() => clock.advance(61_000));
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("lets its people in, makes them at the first sign-in, and moves them between groups at each", async () => {
    const uid = await known();
    await server.setGroup("Staff", [uid]);
    const me = await meOf(await signIn(uid.toUpperCase()));
    expect(me).toMatchObject({ name: `Person ${uid}`, email: `${uid}@example.org`, username: uid });
    expect(await groupsOf(me?.id)).toEqual([staff]);
    await server.setGroup("Staff", []);
    expect((await meOf(await signIn(uid)))?.id).toBe(me?.id);
    expect(await groupsOf(me?.id)).toEqual([]);
  });

  test("is spoken to over TLS alone, and its certificate is looked at", async () => {
    const uid = await known();
    const id = await addProvider({ url: server.tlsUrl, startTls: false });
    expect(await meOf(await signIn(uid, ldapPassword, id))).toMatchObject({ username: uid });
    for (const settings of [{ ca: null }, { ca: null, url: server.tlsUrl, startTls: false }])
      expect(await admin.refusal(signIn(uid, ldapPassword, await addProvider(settings)))).toBe("provider-refused");
    const plain = { url: "ldap://directory.example.org", startTls: false };
    expect(await admin.refusal(admin.mutate("providers.create", providerOf(plain)))).toBe("bad-input");
  });

  test("refuses names that are filters, wrong passwords and unknown names alike, and no password at all", async () => {
    const uid = await known();
    for (const name of ["*", `${uid}*`, "*)(uid=*", `${uid})(objectClass=*`, `*)(|(uid=${uid}`, "\\2a", "nobody"])
      expect(await refusal(name), name).toBe("bad-credentials");
    expect(await refusal(uid, "wrong")).toBe("bad-credentials");
    for (const password of ["", "\0"]) expect(await refusal(uid, password)).toBe("bad-input");
    const refused =
      await hub.sql`select 1 from audit_events where kind = 'person.provider-refused' and data->>'reason' = 'credentials'`;
    expect(refused).toHaveLength(8);
  });

  test("is not asked any longer after too many wrong passwords for a name", async () => {
    const uid = await known();
    for (let n = 0; n < 5; n++) expect(await refusal(uid, "wrong")).toBe("bad-credentials");
    expect(await refusal(uid)).toBe("locked-out");
    clock.advance(61_000);
    expect(await meOf(await signIn(uid))).toMatchObject({ username: uid });
  });

  test("that no longer knows somebody, or whose filter he no longer meets, has him out at the next look", async () => {
    const [stays, leaves, deleted] = [await known(), await known(), await known()];
    const clients = { stays: await signIn(stays), leaves: await signIn(leaves), deleted: await signIn(deleted) };
    const key = await clients.deleted.withKey();
    const left = await meOf(clients.leaves);
    await server.setPerson(leaves, "description", ["left"]);
    await server.removePerson(deleted);
    expect(await admin.mutate("providers.check", { id: providerId })).toEqual({ gone: 2 });
    expect(await meOf(clients.stays)).not.toBeNull();
    expect(await meOf(clients.leaves)).toBeNull();
    expect(await admin.refusal(key.query("auth.sessions"))).toBe("not-signed-in");
    expect(await refusal(leaves)).toBe("bad-credentials");
    await server.setPerson(leaves, "description", []);
    expect((await meOf(await signIn(leaves)))?.id).toBe(left?.id);
    await admin.mutate("people.disable", { id: left?.id });
    expect(await refusal(leaves)).toBe("provider-refused");
  });

  test("confirms that somebody is still there by its own password", async () => {
    const client = await signIn(await known());
    clock.advance(11 * 60_000);
    expect(await client.refusal(client.mutate("passkeys.begin"))).toBe("confirm-first");
    expect(await client.refusal(client.mutate("providers.confirm", { password: "wrong" }))).toBe("bad-credentials");
    await client.mutate("providers.confirm", { password: ldapPassword });
    expect(await client.refusal(client.mutate("passkeys.begin"))).toBeNull();
  });

  test("tells an administrator why it does not work", async () => {
    const testOf = async (settings: object, more: object = {}) =>
      (await admin.mutate<{ code: string }>("providers.test", { id: await addProvider(settings, more) })).code;
    expect(await testOf({})).toBe("works");
    expect(await testOf({}, { secret: "wrong" })).toBe("service-account");
    expect(await testOf({ ca: null })).toBe("certificate");
    expect(await testOf({ url: "ldap://nowhere.invalid" })).toBe("name-unknown");
    expect(await testOf({ url: "ldap://127.0.0.1:1" })).toBe("refused");
    expect(await admin.refusal(addProvider({ userFilter: "((uid=)" }))).toBe("bad-input");
  });
});

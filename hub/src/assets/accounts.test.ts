// Accounts and the tree: secrets that only who may, and shows who he is, gets to see; and a tree that stays one.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestClient } from "../testing/test-client.ts";
import { admin as administrator, TestHub } from "../testing/test-hub.ts";
import { generateKey } from "./secret.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let stranger: TestClient;
let zoneId: string;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  stranger = (await adminOfSecondOrganisation(hub)).client;
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
});
beforeEach(() => clock.advance(61_000));
afterAll(() => hub[Symbol.asyncDispose]());

const newAsset = async (more: object = {}) =>
  (
    await admin.mutate<{ id: string }>("assets.create", {
      name: newId("asset"),
      zoneId,
      platform: "linux",
      address: "192.0.2.1",
      ...more,
    })
  ).id;
const newAccount = async (secret: object, more: object = {}) =>
  (await admin.mutate<{ id: string }>("accounts.create", { assetId: await newAsset(), username: "deploy", secret, ...more })).id;
const confirm = (client: TestClient) => client.mutate("auth.confirm", { password: administrator.password });
const refusal = (client: TestClient, name: string, input: object) => client.refusal(client.mutate(name, input));

describe("a secret", () => {
  test("is seen after confirming who one is, with a reason, on record; not ten minutes later, and by no key", async () => {
    const id = await newAccount({ kind: "password", password: "one" });
    await confirm(admin);
    expect(await admin.mutate("accounts.reveal", { id, reason: "drill" })).toEqual({
      kind: "password",
      password: "one",
      version: 1,
    });
    expect(await refusal(admin, "accounts.reveal", { id, reason: " " })).toBe("bad-input");
    const { items } = await admin.query<{ items: { subject: { id: string }; data: object }[] }>("audit.list", {
      kind: "account.secret-revealed",
    });
    expect(items[0]).toMatchObject({ subject: { id }, data: { version: 1, reason: "drill" } });
    clock.advance(11 * 60_000);
    expect(await refusal(admin, "accounts.reveal", { id, reason: "drill" })).toBe("confirm-first");
    expect(await refusal(await admin.withKey(), "accounts.reveal", { id, reason: "drill" })).toBe("confirm-first");
  });

  test("of another organisation is nobody's", async () => {
    const id = await newAccount({ kind: "password", password: "one" });
    const { email } = (await stranger.query<{ me: { email: string } }>("auth.state")).me;
    expect(email).not.toBe(administrator.email);
    await stranger.mutate("auth.confirm", { password: "another-long-password" });
    expect(await refusal(stranger, "accounts.reveal", { id, reason: "curious" })).toBe("not-found");
    expect(await refusal(stranger, "accounts.reveal", { id: newId("acc"), reason: "curious" })).toBe("not-found");
  });

  test("keeps its older versions, and the newest is the one in use", async () => {
    const id = await newAccount({ kind: "password", password: "one" });
    expect(await admin.mutate("accounts.setSecret", { id, secret: { kind: "password", password: "two" } })).toMatchObject({
      version: 2,
    });
    await confirm(admin);
    expect(await admin.mutate("accounts.reveal", { id, reason: "drill" })).toMatchObject({ password: "two", version: 2 });
    expect(await admin.mutate("accounts.reveal", { id, version: 1, reason: "drill" })).toMatchObject({ password: "one" });
    const account = await admin.query<{ versions: { version: number }[] }>("accounts.get", { id });
    expect(account.versions.map(({ version }) => version)).toEqual([2, 1]);
    expect(JSON.stringify(account)).not.toContain("two");
  });

  test("that is a key shows its public half, whatever its format, and is refused when it is none", async () => {
    const { privateKey, publicKey } = generateKey("x");
    const id = await newAccount({ kind: "ssh-key", privateKey, passphrase: null });
    const account = await admin.query<{ publicKey: string; secretKind: string }>("accounts.get", { id });
    expect(account).toMatchObject({ secretKind: "ssh-key" });
    expect(account.publicKey.split(" ").slice(0, 2)).toEqual(publicKey.split(" ").slice(0, 2));
    const made = await admin.query<{ publicKey: string }>("accounts.get", { id: await newAccount({ kind: "new-ssh-key" }) });
    expect(made.publicKey).toMatch(/^ssh-ed25519 AAAA/);
    const assetId = await newAsset();
    for (const broken of ["no key", publicKey, privateKey.slice(0, 200)])
      expect(
        await refusal(admin, "accounts.create", { assetId, username: "u", secret: { kind: "ssh-key", privateKey: broken } }),
      ).toBe("bad-key");
    expect((await admin.query<{ items: object[] }>("accounts.list", { assetId })).items).toEqual([]);
  });

  test("is in no dump of the database, no log and no file but the sealed one: fifty of them", async () => {
    const secrets = Array.from({ length: 50 }, () => randomBytes(18).toString("base64url"));
    for (const password of secrets) await newAccount({ kind: "password", password });
    const url = new URL(hub.databaseUrl);
    const dump = spawnSync("pg_dump", [url.href], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
    // Without pg_dump every row is read as text, which shows the same.
    const tables = await hub.sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`;
    let text = dump.status === 0 ? dump.stdout : "";
    for (const { name } of tables) text += JSON.stringify(await hub.sql`select t::text as row from ${hub.sql(name)} t`);
    for (const file of readdirSync(path.join(hub.dataDir), { recursive: true, withFileTypes: true }))
      if (file.isFile()) text += readFileSync(path.join(file.parentPath, file.name), "latin1");
    const shapes = secrets.flatMap((one) => [
      one,
      Buffer.from(one).toString("hex"),
      Buffer.from(one).toString("base64").slice(0, 24),
    ]);
    expect(shapes.filter((shape) => text.includes(shape))).toEqual([]);
  });
});

describe("an account", () => {
  test("has its name once on an asset, and a name that systems take", async () => {
    const assetId = await newAsset();
    const create = (username: string) =>
      refusal(admin, "accounts.create", { assetId, username, secret: { kind: "password", password: "p" } });
    expect(await create("deploy")).toBeNull();
    expect(await create("deploy")).toBe("name-taken");
    for (const username of ["@all", "-x", "a b", "a:b", "", "a\u0000"]) expect(await create(username)).toBe("bad-input");
  });

  test("reached through another signs in by itself nowhere, and makes no circle", async () => {
    const assetId = await newAsset();
    const create = async (username: string) =>
      (await admin.mutate<{ id: string }>("accounts.create", { assetId, username, secret: { kind: "password", password: "p" } }))
        .id;
    const [first, second] = [await create("first"), await create("second")];
    expect(await refusal(admin, "accounts.change", { id: second, suFromId: first })).toBeNull();
    expect(await refusal(admin, "accounts.change", { id: first, suFromId: second })).toBe("conflict");
    expect(await refusal(admin, "accounts.change", { id: first, suFromId: first })).toBe("conflict");
    expect(await refusal(admin, "accounts.change", { id: first, suFromId: await newAccount({ kind: "new-ssh-key" }) })).toBe(
      "not-found",
    );
    expect(await refusal(admin, "accounts.remove", { id: first })).toBe("conflict");
  });
});

describe("the tree", () => {
  const newNode = async (parentId: string | null) =>
    (await admin.mutate<{ id: string }>("nodes.create", { parentId, name: newId("node") })).id;
  const countOf = async (parentId: string | null, id: string) =>
    (await admin.query<{ items: { id: string; assets: number }[] }>("nodes.list", { parentId, scope: "all" })).items.find(
      (one) => one.id === id,
    )?.assets;

  test("counts what lies under a node, also after it has moved", async () => {
    const [a, b] = [await newNode(null), await newNode(null)];
    const inner = await newNode(a);
    const deepest = await newNode(inner);
    await newAsset({ nodeIds: [deepest, inner] });
    expect([await countOf(null, a), await countOf(null, b)]).toEqual([1, 0]);
    await admin.mutate("nodes.move", { id: inner, parentId: b });
    expect([await countOf(null, a), await countOf(null, b), await countOf(b, inner)]).toEqual([0, 1, 1]);
    const { items } = await admin.query<{ items: object[] }>("assets.list", { scope: "all", nodeId: b });
    expect(items).toHaveLength(1);
  });

  test("has no circles, no two of a name in one place, and loses nothing that holds something", async () => {
    const top = await newNode(null);
    const inner = await newNode(top);
    expect(await refusal(admin, "nodes.move", { id: top, parentId: inner })).toBe("conflict");
    expect(await refusal(admin, "nodes.move", { id: top, parentId: top })).toBe("conflict");
    expect(await refusal(admin, "nodes.remove", { id: top })).toBe("conflict");
    await admin.mutate("nodes.rename", { id: inner, name: "web" });
    expect(await refusal(admin, "nodes.create", { parentId: top, name: "web" })).toBe("name-taken");
    expect(await refusal(admin, "nodes.create", { parentId: null, name: "a/b" })).toBe("bad-input");
    expect(await refusal(admin, "nodes.remove", { id: inner })).toBeNull();
  });

  test("takes two moves at once that would make a circle, one of them", async () => {
    const [a, b] = [await newNode(null), await newNode(null)];
    const answers = await Promise.all([
      refusal(admin, "nodes.move", { id: a, parentId: b }),
      refusal(admin, "nodes.move", { id: b, parentId: a }),
    ]);
    expect(answers.sort()).toEqual(["conflict", null].sort());
  });
});

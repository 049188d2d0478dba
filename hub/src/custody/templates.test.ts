// Accounts made of a template: one line an asset, nothing that was there changed, and the template's rules.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import type { TestClient } from "../testing/test-client.ts";
import { admin as administrator, TestHub } from "../testing/test-hub.ts";

type Applied = { items: { assetId: string; code: string; accountId: string | null }[] };
const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let zoneId: string;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
});
afterAll(() => hub[Symbol.asyncDispose]());

const newAsset = async () => {
  const fields = { name: newId("asset"), zoneId, platform: "linux", address: "192.0.2.1" };
  return (await admin.mutate<{ id: string }>("assets.create", fields)).id;
};
const newTemplate = async (more: object = {}) => {
  const fields = { name: newId("tpl"), username: "deploy", secret: { kind: "password", password: "one for all" } };
  return (await admin.mutate<{ id: string }>("templates.create", { ...fields, ...more })).id;
};
const apply = (id: string, ...assetIds: string[]) => admin.mutate<Applied>("templates.applyTo", { id, assetIds });
const reveal = async (id: string | null | undefined) => {
  await admin.mutate("auth.confirm", { password: administrator.password });
  return admin.mutate<{ kind: string; password: string }>("accounts.reveal", { id, reason: "drill" });
};

test("each asset has its line: made, there already and left alone, not there, without the account before su", async () => {
  const [fresh, taken] = [await newAsset(), await newAsset()];
  const secret = { kind: "password", password: "its own" };
  const { id: own } = await admin.mutate<{ id: string }>("accounts.create", { assetId: taken, username: "deploy", secret });
  const id = await newTemplate();
  const nobodys = newId("ast");
  const { items } = await apply(id, fresh, taken, nobodys, fresh);
  expect(items.map(({ assetId, code }) => [assetId, code])).toEqual([
    [fresh, "created"],
    [taken, "exists"],
    [nobodys, "not-found"],
  ]);
  expect(await reveal(items[0]?.accountId)).toMatchObject({ password: "one for all" });
  expect(await reveal(own)).toMatchObject({ password: "its own" });
  expect((await apply(id, fresh)).items).toMatchObject([{ code: "exists" }]);
  const through = await newTemplate({ username: "late", suFrom: "nobody-there" });
  expect((await apply(through, fresh)).items).toMatchObject([{ code: "no-su-account", accountId: null }]);
});

test("one that makes secrets makes another for each, and one that pushes asks for it", async () => {
  const assets = [await newAsset(), await newAsset()];
  const { items } = await apply(await newTemplate({ secret: { kind: "new-password" }, push: true }), ...assets);
  const [first, second] = [await reveal(items[0]?.accountId), await reveal(items[1]?.accountId)];
  expect(first.password).toHaveLength(24);
  expect(first.password).not.toBe(second.password);
  for (const assetId of assets)
    expect((await admin.query<{ items: object[] }>("custody.tasks", { assetId })).items).toMatchObject([{ kind: "push" }]);
});

test("its secret is shown by no list, goes with the vault's key, and its name is there once", async () => {
  const name = newId("tpl");
  const id = await newTemplate({ name });
  expect(JSON.stringify(await admin.query("templates.list"))).not.toContain("one for all");
  expect(await admin.refusal(newTemplate({ name }))).toBe("name-taken");
  await admin.mutate("auth.confirm", { password: administrator.password });
  await admin.mutate("settings.rotateVault");
  await hub.restart();
  const { items } = await apply(id, await newAsset());
  expect(await reveal(items[0]?.accountId)).toMatchObject({ password: "one for all" });
  await admin.mutate("templates.change", { id, secret: { kind: "new-ssh-key" } });
  const made = (await apply(id, await newAsset())).items[0]?.accountId;
  expect(await admin.query("accounts.get", { id: made })).toMatchObject({ secretKind: "ssh-key" });
  type Listed = { items: { id: string; accounts: number; username: string; rotateEveryDays: number | null }[] };
  const listed = async () => (await admin.query<Listed>("templates.list")).items.find((one) => one.id === id);
  expect(await listed()).toMatchObject({ accounts: 2, rotateEveryDays: null });
  await admin.mutate("templates.change", { id, username: "renamed", rotateEveryDays: 30 });
  expect(await listed()).toMatchObject({ accounts: 2, username: "renamed", rotateEveryDays: 30 });
  expect(await admin.query("accounts.get", { id: made })).toMatchObject({ username: "deploy", rotateEveryDays: null });
  await admin.mutate("templates.remove", { id });
  expect(await admin.query("accounts.get", { id: made })).toMatchObject({ username: "deploy" });
});

// Secrets that change by themselves: when, how often it is tried, and what wins over it. What happens on the host: scripts/e2e/custody.test.ts.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, TestHub } from "../testing/test-hub.ts";

type Task = { kind: string; state: string; code: string | null; attempts: number; by: string | null; dueAt: string };
const dayMs = 24 * 3_600_000;
const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let assetId: string;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  await signIn();
  const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id;
  const fields = { name: newId("asset"), zoneId, platform: "linux", address: "192.0.2.1" };
  ({ id: assetId } = await admin.mutate<{ id: string }>("assets.create", fields));
});
afterAll(() => hub[Symbol.asyncDispose]());

/** Days later nobody is signed in any more. */
const signIn = async () => {
  admin = await TestClient.signIn(hub.url, administrator);
};
const newAccount = async (username: string, more: object = {}) =>
  (
    await admin.mutate<{ id: string }>("accounts.create", {
      assetId,
      username,
      secret: { kind: "password", password: "one" },
      ...more,
    })
  ).id;
const tasksOf = async (id: string) =>
  (await admin.query<{ items: (Task & { accountId: string })[] }>("custody.tasks", { assetId })).items.filter(
    ({ accountId }) => accountId === id,
  );
const later = async (ms: number) => {
  clock.advance(ms);
  await hub.restart();
  await signIn();
};

test("a secret is changed when its rule says so and not before; what fails is tried again after a pause, on record", async () => {
  const ruled = await newAccount("ruled", { rotateEveryDays: 7, privileged: true });
  const free = await newAccount("free");
  await later(6 * dayMs);
  expect(await tasksOf(ruled)).toEqual([]);
  await later(1.1 * dayMs);
  // No agent is there, so it is not reached.
  const first = await eventually(
    () => tasksOf(ruled),
    ([task]) => task?.code != null,
    { what: "the first try", withinMs: 60_000 },
  );
  expect(first).toMatchObject([{ kind: "rotate", state: "waiting", code: "agent-offline", attempts: 1, by: null }]);
  expect(await tasksOf(free)).toEqual([]);
  expect(Date.parse(first[0]?.dueAt ?? "") - clock.now().getTime()).toBeGreaterThan(30_000);
  clock.advance(61_000);
  const failures = () =>
    admin.query<{ items: { subject: { id: string }; data: { attempt: number } }[] }>("audit.list", {
      kind: "account.rotation-failed",
    });
  const { items } = await eventually(failures, (page) => page.items[0]?.data.attempt === 2, {
    what: "the second try",
    withinMs: 60_000,
  });
  expect(items[0]).toMatchObject({ subject: { id: ruled }, data: { code: "agent-offline" } });
}, 60_000); // two restarts, and a queue that is looked at each second

test("is asked for twice and done once, and what a person stores meanwhile is what counts", async () => {
  const id = await newAccount("twice", { privileged: true });
  expect(await admin.mutate("custody.rotate", { ids: [id, id] })).toEqual({ added: 1 });
  await eventually(
    () => tasksOf(id),
    ([task]) => task?.code != null,
    { what: "the try", withinMs: 60_000 },
  );
  expect(await admin.mutate("custody.rotate", { ids: [id] })).toEqual({ added: 0 });
  const account = () => admin.query<{ pending: boolean; version: number; versions: object[] }>("accounts.get", { id });
  expect(await account()).toMatchObject({ pending: true, version: 1 });
  await admin.mutate("accounts.setSecret", { id, secret: { kind: "password", password: "two" } });
  expect(await account()).toMatchObject({ pending: false, version: 3 });
  expect((await account()).versions).toHaveLength(3);
});

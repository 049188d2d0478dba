// Who hears of what, through a whole hub: the inbox, a person's choices, channels and their log, and the events of other rooms.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { type RobotServer, robotKey, robotSecrets, startRobots } from "../testing/robot-server.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as adminCredentials, TestHub } from "../testing/test-hub.ts";

type Inbox = { items: { id: string; kind: string; title: string; path: string; readAt: string | null }[]; total: number };

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let robots: RobotServer;

beforeAll(async () => {
  robots = await startRobots(clock);
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
beforeEach(() => clock.advance(61_000));
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await robots[Symbol.asyncDispose]();
});

const confirm = (client: TestClient) => client.mutate("auth.confirm", { password: adminCredentials.password });
const inboxOf = (client: TestClient, more: object = {}) => client.query<Inbox>("notices.inbox", { language: "en", ...more });
const titlesOf = async (client: TestClient, kind: string) =>
  (await inboxOf(client)).items.filter((item) => item.kind === kind).map(({ title }) => title);
const told = (client: TestClient, kind: string, count = 1) =>
  eventually(
    () => titlesOf(client, kind),
    (titles) => titles.length >= count,
    { what: `${count} of ${kind}` },
  );
const channelOf = (more: object = {}) => ({
  name: newId("channel"),
  kind: "dingtalk",
  active: true,
  language: "en",
  kinds: ["person.locked"],
  allowsInside: true,
  url: `${robots.url}/dingtalk/robot/send?access_token=${robotKey}`,
  secret: robotSecrets.dingtalk,
  ...more,
});

/** Somebody whom wrong passwords have locked out. */
const lockedOut = async (): Promise<string> => {
  const name = newId("locked");
  const email = `${name}@example.org`;
  const { link } = await admin.mutate<{ link: string }>("people.invite", { email, name, role: "user" });
  const token = new URL(link).searchParams.get("token") ?? "";
  await TestClient.enter(hub.url, "auth.acceptInvite", { token, name, password: "a-password-of-some-length" });
  for (let n = 0; n < 5; n++) await new TestClient(hub.url).post("auth.signIn", { email, password: "wrong-wrong-wrong" });
  return name;
};

describe("a channel", () => {
  test("is added by whoever manages settings and has just confirmed it, and shows neither address nor secret afterwards", async () => {
    clock.advance(700_000);
    expect(await admin.refusal(admin.mutate("notices.createChannel", channelOf()))).toBe("confirm-first");
    await confirm(admin);
    const { id } = await admin.mutate<{ id: string }>("notices.createChannel", channelOf({ name: "Ops" }));
    const list = JSON.stringify(await admin.query("notices.channels"));
    expect(list).toContain(new URL(robots.url).host);
    const audit = JSON.stringify(await admin.query("audit.list", {}));
    for (const text of [list, audit]) {
      expect(text).not.toContain(robotKey);
      expect(text).not.toContain(robotSecrets.dingtalk);
    }
    expect(await admin.mutate("notices.testChannel", { id })).toEqual({ sent: true, text: "errcode 0 ok" });
    const { client: stranger } = await adminOfSecondOrganisation(hub);
    expect(await stranger.refusal(stranger.mutate("notices.testChannel", { id }))).toBe("not-found");
    expect(await stranger.query("notices.channels")).toEqual({ items: [] });
  });

  test.each<[string, object]>([
    ["plain http outside", { allowsInside: false }],
    ["a password in the address", { url: "https://u:p@robot.example.org/" }],
    ["a secret for a kind that has none", { kind: "wecom" }],
    ["a webhook without a key", { kind: "webhook", secret: null }],
    ["a webhook with a short key", { kind: "webhook", secret: "whsec_AAAA" }],
    ["a kind of notice that there is not", { kinds: ["everything"] }],
  ])("is refused with %s", async (_, more) => {
    await confirm(admin);
    expect(await admin.refusal(admin.mutate("notices.createChannel", channelOf(more)))).toBe("bad-input");
  });

  test("cannot be pointed elsewhere while it keeps its secret", async () => {
    await confirm(admin);
    const { id } = await admin.mutate<{ id: string }>("notices.createChannel", channelOf());
    const { kind: _kind, secret: _secret, ...change } = channelOf({ url: "https://evil.example/" });
    expect(await admin.refusal(admin.mutate("notices.changeChannel", { id, ...change }))).toBe("bad-input");
    const { url: _url, ...rest } = change;
    await admin.mutate("notices.changeChannel", { id, ...rest });
    expect(await admin.mutate("notices.testChannel", { id })).toMatchObject({ sent: true });
    await admin.mutate("notices.removeChannel", { id });
    expect(await admin.refusal(admin.mutate("notices.testChannel", { id }))).toBe("not-found");
  });
});

test("who is locked out is told of to those who manage people and to the channels that want to know, once", async () => {
  await confirm(admin);
  const { id } = await admin.mutate<{ id: string }>("notices.createChannel", channelOf());
  const user = await hub.as("user");
  const name = await lockedOut();
  await told(admin, "person.locked");
  expect(await titlesOf(admin, "person.locked")).toEqual([`${name} is locked out after wrong passwords`]);
  expect((await inboxOf(user)).items).toEqual([]);
  const sent = await eventually(
    () => admin.query<{ items: { state: string; answer: string; attempts: number }[] }>("notices.deliveries", { channelId: id }),
    ({ items }) => items.some(({ state }) => state === "sent"),
  );
  expect(sent.items).toMatchObject([{ kind: "person.locked", state: "sent", answer: "errcode 0 ok", attempts: 1 }]);
  expect(robots.received.at(-1)?.body).toContain(`${name} is locked out`);
  await hub.restart();
  await lockedOut();
  await told(admin, "person.locked", 2);
  expect(await titlesOf(admin, "person.locked")).toHaveLength(2);
});

describe("an inbox", () => {
  test("is one's own: paged, counted, and read only by its owner", async () => {
    const other = await hub.as("admin", "second");
    await lockedOut();
    await told(other, "person.locked");
    const { items, total } = await inboxOf(admin, { limit: 1 });
    expect([items.length, total > 1]).toEqual([1, true]);
    const [first] = items;
    expect(first).toMatchObject({ readAt: null, path: expect.stringMatching(/^\/people\?q=locked.*&id=usr_/) });
    const unread = async (client: TestClient) => (await client.query<{ unread: number }>("notices.unread")).unread;
    const before = await unread(admin);
    await other.mutate("notices.markRead", { ids: [first?.id] });
    expect(await unread(admin)).toBe(before);
    await admin.mutate("notices.markRead", { ids: [first?.id] });
    expect(await unread(admin)).toBe(before - 1);
    await admin.mutate("notices.markRead", {});
    expect([await unread(admin), (await inboxOf(admin, { unread: true })).total]).toEqual([0, 0]);
    expect(await unread(other)).toBe(0); // read above
  });

  test("holds what its owner has chosen to hear of, in the language he asks in", async () => {
    const other = await hub.as("admin", "third");
    const kinds = async (client: TestClient) =>
      (await client.query<{ items: { kind: string; inbox: boolean }[] }>("notices.subscriptions")).items;
    expect((await kinds(await hub.as("user", "plain"))).map(({ kind }) => kind)).not.toContain("person.locked");
    await other.mutate("notices.setSubscription", { kind: "person.locked", inbox: false, mail: false });
    expect((await kinds(other)).find(({ kind }) => kind === "person.locked")).toMatchObject({ inbox: false });
    const name = await lockedOut();
    await eventually(
      () => titlesOf(admin, "person.locked"),
      (titles) => titles.some((title) => title.startsWith(name)),
    );
    expect((await inboxOf(other)).items).toEqual([]);
    expect((await inboxOf(admin, { language: "zh" })).items[0]?.title).toBe(`${name} 因密码错误被锁定`);
  });
});

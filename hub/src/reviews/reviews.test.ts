// Who reaches what is looked at by whoever it concerns; what is removed is exactly one person's reach, and nobody else's.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; name: string };
type Line = {
  id: string;
  grant: { id: string; name: string };
  person: { id: string; name: string };
  asset: { id: string };
  via: string;
  lastUsedAt: string | null;
  decision: string | null;
  outcome: string | null;
};

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let owner: Person;
let ada: Person;
let bo: Person;
let zoneId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  [owner, ada, bo] = [await newPerson("owner"), await newPerson("ada"), await newPerson("bo")];
});
afterAll(() => hub[Symbol.asyncDispose]());

async function newPerson(name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id, name };
}
let made = 0;
/** The owner's. */
async function newAsset(): Promise<string> {
  made += 1;
  const asset = { name: `server ${made}`, zoneId, platform: "linux", address: "192.0.2.1" };
  const { id } = await admin.mutate<{ id: string }>("assets.create", asset);
  await hub.sql`update assets set owner_id = ${owner.id} where id = ${id}`;
  return id;
}
/** One on which terminals open. */
async function newHost(): Promise<string> {
  const agent = await hub.enrolAgent({});
  const [asset] = await hub.sql<
    { id: string }[]
  >`update assets set owner_id = ${owner.id} where agent_id = ${agent.id} returning id`;
  if (asset === undefined) throw new Error("an agent's host is an asset");
  return asset.id;
}
const due = () => new Date(clock.now().getTime() + 7 * 86_400_000).toISOString();
const newReview = async ({ client, id }: Person, more: object = {}) =>
  (await client.mutate<{ id: string }>("reviews.create", { name: "quarter", ownerId: id, reviewerId: id, dueAt: due(), ...more }))
    .id;
const linesOf = async (id: string, by: TestClient, more: object = {}) =>
  (await by.query<{ items: Line[] }>("reviews.lines", { id, limit: 200, ...more })).items;
const decide = (by: TestClient, line: Line | undefined, decision: "keep" | "remove") =>
  by.mutate<{ outcome: string }>("reviews.decide", { id: line?.id, decision, reason: "left the team" });
const reaches = async ({ client }: Person, assetId: string) =>
  (await client.query<{ items: { id: string }[] }>("assets.list", { limit: 200 })).items.some(({ id }) => id === assetId);
/** Who reaches which of these. */
const pairs = async (people: Person[], assetIds: string[]): Promise<string[]> => {
  const reached = await Promise.all(
    people.map((who) => Promise.all(assetIds.map(async (id) => ((await reaches(who, id)) ? [`${who.name} ${id}`] : [])))),
  );
  return reached.flat(2);
};
const grantTo = (subjects: object[], assetIds: string[], name: string, accounts = ["@all"]) =>
  admin.mutate("access.grant", {
    name,
    subjects,
    targets: assetIds.map((id) => ({ kind: "asset", id })),
    accounts,
    actions: ["connect"],
  });
const user = ({ id }: Person) => ({ kind: "user", id });

test("an owner sees who reaches his assets by which grant and when it was used, and removes one person's reach alone", async () => {
  const [alone, shared, first, second, grouped] = [
    await newAsset(),
    await newAsset(),
    await newAsset(),
    await newAsset(),
    await newAsset(),
  ];
  await grantTo([user(ada)], [alone], "alone");
  await grantTo([user(ada), user(bo)], [shared], "shared");
  await grantTo([user(ada)], [first, second], "two");
  const { id: groupId } = await admin.mutate<{ id: string }>("groups.create", { name: "ops" });
  await admin.mutate("groups.addMembers", { id: groupId, userIds: [ada.id, bo.id] });
  await grantTo([{ kind: "group", id: groupId }], [grouped], "ops");
  const agent = await hub.enrolAgent({});
  await hub.sql`insert into sessions (id, org_id, kind, state, user_id, asset_id, agent_id, account, account_choice, protocol, columns, rows, started_at)
    select 'ses_used', org_id, 'shell', 'ended', ${ada.id}, ${shared}, ${agent.id}, 'x', 'x', 'agent', 80, 24, ${clock.now()} from assets where id = ${shared}`;

  const id = await newReview(owner);
  const lines = await linesOf(id, owner.client);
  const line = (grant: string, who: Person, assetId?: string) =>
    lines.find(
      (one) => one.grant.name === grant && one.person.id === who.id && (assetId === undefined || one.asset.id === assetId),
    );
  expect(line("ops", ada)).toMatchObject({ via: "ops", lastUsedAt: null });
  expect(line("shared", ada)?.lastUsedAt).not.toBeNull();
  const unused = await linesOf(id, owner.client, { unusedDays: 30 });
  expect(unused.some((one) => one.id === line("shared", ada)?.id)).toBe(false);
  expect(unused.some((one) => one.id === line("shared", bo)?.id)).toBe(true);

  expect(await decide(owner.client, line("alone", ada), "remove")).toEqual({ outcome: "revoked" });
  expect(await decide(owner.client, line("shared", ada), "remove")).toEqual({ outcome: "narrowed" });
  expect(await decide(owner.client, line("two", ada, first), "remove")).toEqual({ outcome: "narrowed" });
  expect(await decide(owner.client, line("ops", ada), "remove")).toEqual({ outcome: "flagged" });
  expect(await decide(owner.client, line("shared", bo), "keep")).toEqual({ outcome: "kept" });
  const has = async (who: Person, ids: string[]) => Promise.all(ids.map((assetId) => reaches(who, assetId)));
  expect(await has(ada, [alone, shared, first, second, grouped])).toEqual([false, false, false, true, true]);
  expect(await has(bo, [shared, grouped])).toEqual([true, true]);
  expect(await owner.client.refusal(decide(owner.client, line("alone", ada), "keep"))).toBe("decided-before");
  expect(await owner.client.query("reviews.get", { id })).toMatchObject({ decided: 5, removed: 3, flagged: 1 });
  const inbox = await admin.query<{ items: { kind: string }[] }>("notices.inbox", { language: "en" });
  expect(inbox.items.some(({ kind }) => kind === "access.review-flagged")).toBe(true);
  const events =
    await hub.sql`select data from audit_events where kind = 'access-review.decided' and subject_id = ${id} order by seq`;
  expect(events.map(({ data }) => data["outcome"])).toEqual(["revoked", "narrowed", "narrowed", "flagged", "kept"]);

  const csv = await fetch(`${hub.url}/api/v1/access-reviews/${id}.csv`, { headers: owner.client.headers });
  expect(await csv.text()).toMatch(/ada,server \d+,alone,,connect,,,,remove,revoked,left the team,/);
  expect(await hub.sql`select data from audit_events where kind = 'access-review.exported' and subject_id = ${id}`).toHaveLength(
    1,
  );
});

test("a grant for several people on several assets is split, and what is open on what stays goes on", async () => {
  const [taken, left] = [await newHost(), await newHost()];
  await grantTo([user(ada), user(bo)], [taken, left], "both", ["@agent"]);
  const open = ({ client }: Person, assetId: string) => client.openTerminal(assetId, { account: "@agent" });
  const [onTaken, onLeft, bos] = [await open(ada, taken), await open(ada, left), await open(bo, taken)];
  const id = await newReview(owner);
  const line = async (who: Person, assetId: string) =>
    (await linesOf(id, owner.client)).find(
      (one) => one.grant.name === "both" && one.person.id === who.id && one.asset.id === assetId,
    );
  expect(await decide(owner.client, await line(ada, taken), "remove")).toEqual({ outcome: "narrowed" });
  // The answer comes when it has ended.
  expect(await onTaken.ended()).toMatchObject({ reason: "grant-revoked" });
  expect([onLeft.find("ended"), bos.find("ended")]).toEqual([undefined, undefined]);
  expect(await pairs([ada, bo], [taken, left])).toEqual([`ada ${left}`, `bo ${taken}`, `bo ${left}`]);
  const { items: grants } = await admin.query<{ items: object[] }>("access.grants", { search: "both", limit: 10 });
  expect(grants).toHaveLength(2);
  // The line was written before the split, and means what is left of it all the same.
  expect(await decide(owner.client, await line(ada, left), "remove")).toEqual({ outcome: "revoked" });
  await onLeft.ended();
  expect(bos.find("ended")).toBeUndefined();
  expect(await pairs([ada, bo], [taken, left])).toEqual([`bo ${taken}`, `bo ${left}`]);
  const events = await hub.sql<{ kind: string; data: object }[]>`select kind, data from audit_events
    where kind like 'grant.%' and subject_name = 'both' order by seq`;
  expect(events.map(({ kind }) => kind)).toEqual([
    "grant.created",
    "grant.created",
    "grant.split",
    "grant.changed",
    "grant.revoked",
  ]);
  expect(events[2]?.data).toMatchObject({ person: "ada" });
});

test("of any grant for people on assets exactly the pair goes that is removed, and none is gained", async () => {
  const people = [ada, bo, await newPerson("cy")];
  for (let round = 0; round < 6; round++) {
    const assetIds = [await newAsset(), await newAsset(), await newAsset()];
    const some = <T>(all: T[]) => {
      const picked = all.filter(() => Math.random() < 0.7);
      return picked.length === 0 ? all.slice(0, 1) : picked;
    };
    for (const n of [1, 2]) await grantTo(some(people).map(user), some(assetIds), `random ${round} ${n}`);
    const id = await newReview(owner);
    const lines = (await linesOf(id, owner.client)).filter(({ grant }) => grant.name.startsWith(`random ${round} `));
    // What each grant gives, by the review itself: a pair may come by both.
    const given = new Set(lines.map((one) => `${one.grant.id} ${one.person.id} ${one.asset.id}`));
    for (const line of lines.sort(() => Math.random() - 0.5).slice(0, 5)) {
      expect(["narrowed", "revoked"]).toContain((await decide(owner.client, line, "remove")).outcome);
      given.delete(`${line.grant.id} ${line.person.id} ${line.asset.id}`);
      const expected = people.flatMap((who) =>
        assetIds
          .filter((assetId) => [...given].some((one) => one.endsWith(`${who.id} ${assetId}`)))
          .map((assetId) => `${who.name} ${assetId}`),
      );
      expect(await pairs(people, assetIds), `round ${round}`).toEqual(expected);
    }
  }
}, 120_000);

test("nobody confirms his own access, decides another's review, or reviews assets that are not his", async () => {
  const assetId = await newAsset();
  await grantTo([user(owner)], [assetId], "own");
  const id = await newReview(owner);
  const own = (await linesOf(id, owner.client)).find(({ grant }) => grant.name === "own");
  expect(await owner.client.refusal(decide(owner.client, own, "keep"))).toBe("own-request");
  expect(await admin.refusal(decide(admin, own, "remove"))).toBe("forbidden");
  expect(await ada.client.refusal(decide(ada.client, own, "remove"))).toBe("not-found");
  expect(await ada.client.refusal(linesOf(id, ada.client))).toBe("not-found");
  expect(await ada.client.refusal(newReview(ada, { ownerId: null }))).toBe("forbidden");
  expect(await ada.client.refusal(newReview(ada, { ownerId: owner.id }))).toBe("forbidden");
  expect(await ada.client.refusal(newReview(ada))).toBe("conflict"); // owns nothing
  const auditor = await hub.as("auditor");
  expect((await linesOf(id, auditor)).length).toBeGreaterThan(0);
  expect(await auditor.refusal(auditor.mutate("reviews.close", { id }))).toBe("forbidden");
});

test("a reviewer is told at once and again before it is due, until it is finished", async () => {
  const told = async () =>
    (await owner.client.query<{ items: { kind: string }[] }>("notices.inbox", { language: "en", limit: 200 })).items.filter(
      ({ kind }) => kind === "access.review",
    ).length;
  const before = await told();
  const me = (await admin.query<{ me: { id: string } }>("auth.state")).me;
  const dueAt = new Date(clock.now().getTime() + 3.25 * 86_400_000).toISOString();
  const id = await newReview({ client: admin, id: me.id, name: "" }, { ownerId: null, reviewerId: owner.id, dueAt });
  expect(await told()).toBe(before + 1);
  clock.advance(43_200_000);
  await eventually(told, (now) => now === before + 2, { what: "a reminder" });
  await owner.client.mutate("reviews.close", { id });
  const [line] = await linesOf(id, owner.client);
  expect(await owner.client.refusal(decide(owner.client, line, "remove"))).toBe("conflict");
});

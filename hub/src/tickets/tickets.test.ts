// People ask, others decide, and what is approved is there: no sooner, no more, no longer.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string };
type Ticket = {
  id: string;
  state: string;
  escalated: boolean;
  waitsUntil: { at: string; next: string } | null;
  grantId: string | null;
  level: number;
  decidedAt: string | null;
  endsAt: string | null;
  deciders: { id: string }[];
  may: Record<string, boolean>;
};

let hub: TestHub;
let admin: TestClient;
let clock: TestClock;
let zoneId: string;
let asker: Person;
let boss: Person;
let colleague: Person;
const hourMs = 3_600_000;
const msBetween = (from: string | null, until: string | null) => Date.parse(until ?? "") - Date.parse(from ?? "");

beforeAll(async () => {
  clock = new TestClock();
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  [asker, boss, colleague] = [await newPerson("asker"), await newPerson("boss"), await newPerson("colleague")];
});
afterAll(() => hub[Symbol.asyncDispose]());

async function newPerson(name: string, role: "user" | "admin" = "user"): Promise<Person> {
  const client = await hub.as(role, name);
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id };
}

let made = 0;
async function newAsset(more: object = {}): Promise<string> {
  made += 1;
  const asset = { name: `server ${made}`, zoneId, platform: "linux", address: "192.0.2.1", ...more };
  return (await admin.mutate<{ id: string }>("assets.create", asset)).id;
}
const user = ({ id }: Person) => ({ kind: "user", id });
const any = { kind: "any" };
/** A flow of its own for each asset: the tests do not see each other's. */
const flowOn = async (assetId: string, levels: object[], more: object = {}, by = admin) => {
  const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
  return (await by.mutate<{ id: string }>("tickets.createFlow", { name: `flow ${made}`, match, levels, ...more })).id;
};
const wish = (assetIds: string[], more: object = {}) => ({
  kind: "server",
  assetIds,
  accounts: ["deploy"],
  actions: ["connect"],
  minutes: 60,
  ...more,
});
const ask = async (assetIds: string[], { by = asker, more = {} }: { by?: Person; more?: object } = {}) =>
  (await by.client.mutate<{ id: string }>("tickets.open", { title: "a look", reason: "to mend it", asked: wish(assetIds, more) }))
    .id;
const read = (id: string, by: TestClient = asker.client) => by.query<Ticket>("tickets.get", { id });
const approve = (id: string, by: Person, more: object = {}) =>
  by.client.mutate("tickets.decide", { id, decision: "approve", ...more });
const reject = (id: string, by: Person) => by.client.mutate("tickets.decide", { id, decision: "reject", comment: "not today" });
const reaches = async ({ client }: Person, assetId: string) =>
  (await client.query<{ items: { id: string }[] }>("assets.list", { limit: 200 })).items.some(({ id }) => id === assetId);
const grantsOf = async (ticketId: string) =>
  (await hub.sql<{ n: number }[]>`select count(*)::int as n from grants where ticket_id = ${ticketId}`)[0]?.n;

describe("a request", () => {
  test("gives what was approved when the last level has approved, until its time is over", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [
      { approvers: [user(boss)], need: any },
      { approvers: [{ kind: "role", id: "admin" }], need: any },
    ]);
    const id = await ask([assetId]);
    expect(await reaches(asker, assetId)).toBe(false);
    await approve(id, boss);
    expect(await read(id)).toMatchObject({ state: "pending", level: 2 });
    expect(await reaches(asker, assetId)).toBe(false);
    await admin.mutate("tickets.decide", { id, decision: "approve" });
    const approved = await read(id);
    expect(approved.state).toBe("approved");
    expect(msBetween(approved.decidedAt, approved.endsAt)).toBe(hourMs);
    expect(await reaches(asker, assetId)).toBe(true);
    clock.advance(hourMs + 1_000);
    expect(await reaches(asker, assetId)).toBe(false);
    await eventually(
      () => read(id),
      ({ state }) => state === "ended",
    );
    const kinds = await hub.sql<{ kind: string }[]>`select kind from audit_events where subject_id = ${id} order by seq`;
    expect(kinds.map(({ kind }) => kind)).toEqual([
      "ticket.submitted",
      "ticket.decided",
      "ticket.decided",
      "ticket.approved",
      "ticket.ended",
    ]);
  });

  test("is narrowed by whoever approves it, for the levels after him too, and widened by nobody", async () => {
    const [kept, dropped] = [await newAsset(), await newAsset()];
    const match = { kinds: ["server"], targets: [kept, dropped].map((id) => ({ kind: "asset", id })) };
    const levels = [
      { approvers: [user(boss)], need: any },
      { approvers: [user(colleague)], need: any },
    ];
    await admin.mutate("tickets.createFlow", { name: "both", match, levels });
    const id = await ask([kept, dropped], { more: { actions: ["connect", "upload"] } });
    for (const wider of [
      wish([kept, await newAsset()]),
      wish([kept], { accounts: ["root"] }),
      wish([kept], { actions: ["run"] }),
      wish([kept], { minutes: 61 }),
      wish([kept], { startsAt: new Date(clock.now().getTime() + hourMs).toISOString() }),
    ])
      expect(await boss.client.refusal(approve(id, boss, { narrowed: wider }))).toBe("wider-than-asked");
    await approve(id, boss, { narrowed: wish([kept], { minutes: 30 }) });
    expect(await colleague.client.refusal(approve(id, colleague, { narrowed: wish([kept, dropped]) }))).toBe("wider-than-asked");
    await approve(id, colleague);
    expect([await reaches(asker, kept), await reaches(asker, dropped)]).toEqual([true, false]);
    const { decidedAt, endsAt } = await read(id);
    expect(msBetween(decidedAt, endsAt)).toBe(hourMs / 2);
  });

  test("cannot be made where no flow says who decides, and tells nothing about what is there", async () => {
    const alone = await newAsset();
    for (const assetIds of [[alone], ["ast_nobodys"]]) expect(await asker.client.refusal(ask(assetIds))).toBe("no-flow");
    const found = await asker.client.query<{ items: { id: string }[] }>("tickets.requestable", { kind: "server" });
    expect(found.items.some(({ id }) => id === alone)).toBe(false);
    const [one, other] = [await newAsset(), await newAsset()];
    const whichOf = (ids: string[]) =>
      asker.client.query<{ items: { id: string }[] }>("tickets.requestable", { kind: "server", ids });
    await flowOn(one, [{ approvers: [user(boss)], need: any }]);
    await flowOn(other, [{ approvers: [user(boss)], need: any }]);
    expect(await asker.client.refusal(ask([one, other]))).toBe("no-flow");
    expect((await whichOf([alone, other, "ast_nobodys"])).items.map(({ id }) => id)).toEqual([other]);
  });

  test("is a draft that nobody else sees until it is submitted, and is withdrawn by whoever asked", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [{ approvers: [user(boss)], need: any }]);
    const fields = { title: "later", reason: "soon", asked: wish([assetId]) };
    const { id } = await asker.client.mutate<{ id: string }>("tickets.open", { ...fields, submit: false });
    expect(await boss.client.refusal(read(id, boss.client))).toBe("not-found");
    await asker.client.mutate("tickets.change", { id, ...fields, title: "now", submit: true });
    expect(await read(id, boss.client)).toMatchObject({ state: "pending", may: { decide: true } });
    expect(await boss.client.refusal(boss.client.mutate("tickets.withdraw", { id }))).toBe("forbidden");
    await asker.client.mutate("tickets.withdraw", { id });
    expect(await boss.client.refusal(approve(id, boss))).toMatch(/not-found|ticket-state/);
    expect(await grantsOf(id)).toBe(0);
  });

  test("is given back or taken away before its time, and lasts longer only by being asked for again", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [{ approvers: [user(boss)], need: any }]);
    const id = await ask([assetId]);
    await approve(id, boss);
    const { id: longer } = await asker.client.mutate<{ id: string }>("tickets.extend", { id, minutes: 30, reason: "not done" });
    await approve(longer, boss);
    expect(msBetween((await read(id)).endsAt, (await read(longer)).endsAt)).toBe(hourMs / 2);
    await asker.client.mutate("tickets.end", { id });
    expect(await reaches(asker, assetId)).toBe(false); // the second begins when the first would have ended
    expect(await boss.client.refusal(boss.client.mutate("tickets.end", { id: longer }))).toBe("forbidden");
    await admin.mutate("tickets.end", { id: longer, reason: "enough" });
    expect(await read(longer)).toMatchObject({ state: "ended" });
  });
});

describe("a level", () => {
  test("of one, of all, of two: passes when so many have approved, and ends with one rejection", async () => {
    const assetId = await newAsset();
    const third = await newPerson("third");
    const approvers = [boss, colleague, third].map(user);
    const flow = await flowOn(assetId, [{ approvers, need: { kind: "count", value: 2 } }]);
    const two = await ask([assetId]);
    await approve(two, boss);
    expect(await boss.client.refusal(approve(two, boss))).toBe("decided-before");
    expect(await read(two)).toMatchObject({ state: "pending" });
    await approve(two, third);
    expect(await read(two)).toMatchObject({ state: "approved" });

    const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
    await admin.mutate("tickets.changeFlow", { id: flow, name: "all", match, levels: [{ approvers, need: { kind: "all" } }] });
    const all = await ask([assetId]);
    for (const one of [boss, colleague]) await approve(all, one);
    expect(await read(all)).toMatchObject({ state: "pending" });
    await approve(all, third);
    expect(await read(all)).toMatchObject({ state: "approved" });
    const refused = await ask([assetId]);
    await approve(refused, boss);
    await reject(refused, colleague);
    expect(await read(refused)).toMatchObject({ state: "rejected" });
    expect(await grantsOf(refused)).toBe(0);
  });

  test("of a hundred decisions at the same moment is decided once", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [{ approvers: [user(boss), user(colleague)], need: any }]);
    const id = await ask([assetId]);
    const tries = Array.from({ length: 100 }, (_, n) =>
      approve(id, n % 2 === 0 ? boss : colleague).then(
        () => "done",
        () => "refused",
      ),
    );
    expect((await Promise.all(tries)).filter((answer) => answer === "done")).toHaveLength(1);
    expect(await grantsOf(id)).toBe(1);
  });

  test("that nobody decides in time goes to those it escalates to, then lapses", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [{ approvers: [user(boss)], need: any, minutes: 60, escalateTo: [user(colleague)] }]);
    const id = await ask([assetId]);
    expect(await colleague.client.refusal(approve(id, colleague))).toBe("not-found");
    const waits = (await read(id)).waitsUntil;
    expect(waits?.next).toBe("escalates");
    const leftMs = Date.parse(waits?.at ?? "") - clock.now().getTime();
    expect(leftMs).toBeGreaterThan(hourMs - 60_000);
    expect(leftMs).toBeLessThanOrEqual(hourMs);
    clock.advance(hourMs + 1_000);
    await when(id, (ticket) => ticket.deciders.length === 2);
    expect((await read(id)).waitsUntil?.next).toBe("lapses");
    clock.advance(hourMs + 1_000);
    await when(id, ({ state }) => state === "lapsed");
    expect((await read(id)).waitsUntil).toBeNull();
    expect(await grantsOf(id)).toBe(0);
  });

  test("whose approver was disabled, or whose group became empty, waits for whoever manages requests", async () => {
    const assetId = await newAsset();
    const leaver = await newPerson("leaver");
    await flowOn(assetId, [{ approvers: [user(leaver)], need: any }]);
    const id = await ask([assetId]);
    await admin.mutate("people.disable", { id: leaver.id });
    expect(await read(id)).toMatchObject({ state: "pending" });
    await admin.mutate("tickets.decide", { id, decision: "approve" });
    expect(await read(id)).toMatchObject({ state: "approved" });
  });

  test("is decided by a substitute, who is one person however many he stands in for", async () => {
    const assetId = await newAsset();
    const [first, second] = [await newPerson("first"), await newPerson("second")];
    await flowOn(assetId, [{ approvers: [user(first), user(second)], need: { kind: "count", value: 2 } }]);
    const id = await ask([assetId]);
    const from = new Date(clock.now().getTime() - hourMs).toISOString();
    const until = new Date(clock.now().getTime() + 9 * hourMs).toISOString();
    for (const away of [first, second])
      await away.client.mutate("tickets.setSubstitute", { substitute: { id: colleague.id, from, until } });
    await approve(id, colleague);
    expect(await read(id)).toMatchObject({ state: "pending" });
    await approve(id, first);
    expect(await read(id)).toMatchObject({ state: "approved" });
  });

  test("is decided by somebody else than the level before, unless the flow says that one may decide both", async () => {
    const assetId = await newAsset();
    const both = { approvers: [user(boss), user(colleague)], need: any };
    const flow = await flowOn(assetId, [both, both]);
    const apart = await ask([assetId]);
    await approve(apart, boss);
    expect(await read(apart)).toMatchObject({ level: 2, deciders: [{ id: colleague.id }] });
    expect(await boss.client.refusal(approve(apart, boss))).toBe("decided-before");
    expect(await read(apart, boss.client)).toMatchObject({ may: { decide: false } });
    await approve(apart, colleague);
    expect(await read(apart)).toMatchObject({ state: "approved" });

    const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
    const waiting = await ask([assetId]);
    await approve(waiting, boss);
    await admin.mutate("tickets.changeFlow", { id: flow, name: "one", match, levels: [both, both], mayRepeat: true });
    expect(await boss.client.refusal(approve(waiting, boss))).toBe("decided-before"); // as the flow was when it was asked
    const one = await ask([assetId]);
    await approve(one, boss);
    await approve(one, boss);
    expect(await read(one)).toMatchObject({ state: "approved" });
  });

  test("that only those are meant to decide who have decided before waits for whoever manages requests", async () => {
    const assetId = await newAsset();
    const level = { approvers: [user(boss)], need: any };
    await flowOn(assetId, [level, level]);
    const id = await ask([assetId]);
    await approve(id, boss);
    expect(await boss.client.refusal(approve(id, boss))).toBe("decided-before");
    await admin.mutate("tickets.decide", { id, decision: "approve" });
    expect(await read(id)).toMatchObject({ state: "approved" });
  });

  test("names the requester's manager and the asset's owner", async () => {
    const assetId = await newAsset();
    await flowOn(assetId, [
      { approvers: [{ kind: "manager" }], need: any },
      { approvers: [{ kind: "asset-owner" }], need: any },
    ]);
    await admin.mutate("people.update", { id: asker.id, managerId: boss.id });
    await admin.mutate("assets.change", { id: assetId, ownerId: colleague.id });
    const id = await ask([assetId]);
    expect(await colleague.client.refusal(approve(id, colleague))).toBe("not-found");
    await approve(id, boss);
    await approve(id, colleague);
    expect(await read(id)).toMatchObject({ state: "approved" });
  });
});

describe("nobody approves his own request", () => {
  let self: Person;
  let assetId: string;
  beforeAll(async () => {
    self = await newPerson("self", "admin");
  });
  const refused = async (id: string, by: TestClient = self.client) =>
    by.refusal(by.mutate("tickets.decide", { id, decision: "approve" }));
  const asksUnder = async (levels: object[], more: object = {}) => {
    assetId = await newAsset();
    await flowOn(assetId, levels, more);
    return ask([assetId], { by: self });
  };

  test("named himself, by his group, by his role, as manager of all requests", async () => {
    const { id: group } = await admin.mutate<{ id: string }>("groups.create", { name: "deciders" });
    await admin.mutate("groups.addMembers", { id: group, userIds: [self.id] });
    for (const approver of [user(self), { kind: "group", id: group }, { kind: "role", id: "admin" }]) {
      const id = await asksUnder([{ approvers: [approver], need: any }]);
      expect(await refused(id)).toBe("own-request");
      expect(await grantsOf(id)).toBe(0);
    }
  });

  test("as the owner of the asset, and as his own manager, which nobody can be", async () => {
    const id = await asksUnder([{ approvers: [{ kind: "asset-owner" }, { kind: "manager" }], need: any }]);
    await admin.mutate("assets.change", { id: assetId, ownerId: self.id });
    expect(await refused(id)).toBe("own-request");
    expect(await admin.refusal(admin.mutate("people.update", { id: self.id, managerId: self.id }))).toBe("bad-input");
  });

  test("as the substitute of who is asked", async () => {
    const away = await newPerson("away");
    const id = await asksUnder([{ approvers: [user(away)], need: any }]);
    const from = new Date(clock.now().getTime() - hourMs).toISOString();
    const until = new Date(clock.now().getTime() + hourMs).toISOString();
    await away.client.mutate("tickets.setSubstitute", { substitute: { id: self.id, from, until } });
    expect(await refused(id)).toBe("own-request");
  });

  test("through a substitute whom he names himself, or as the substitute of a substitute", async () => {
    const [helper, away] = [await newPerson("helper"), await newPerson("gone")];
    const id = await asksUnder([{ approvers: [user(self), user(away)], need: any }]);
    const from = new Date(clock.now().getTime() - hourMs).toISOString();
    const until = new Date(clock.now().getTime() + hourMs).toISOString();
    const standsIn = (by: Person, { id: substituteId }: Person) =>
      by.client.mutate("tickets.setSubstitute", { substitute: { id: substituteId, from, until } });
    await standsIn(self, helper);
    expect(await refused(id, helper.client)).toBe("not-found"); // he stands in for nobody who is asked
    await standsIn(away, helper);
    await standsIn(helper, self);
    expect(await refused(id)).toBe("own-request");
    expect(await read(id, self.client)).toMatchObject({ deciders: [{ id: away.id }, { id: helper.id }] });
    await self.client.mutate("tickets.setSubstitute", { substitute: null });
  });

  test("when it has escalated to him", async () => {
    const id = await asksUnder([{ approvers: [user(boss)], need: any, minutes: 60, escalateTo: [user(self)] }]);
    clock.advance(hourMs + 1_000);
    await eventually(
      () => read(id, self.client),
      ({ escalated }) => escalated,
    );
    expect(await refused(id)).toBe("own-request");
    expect(await read(id, self.client)).toMatchObject({ deciders: [{ id: boss.id }] });
  });

  test("as the hub's first administrator, or as a guest while he works elsewhere", async () => {
    const first = { client: admin, id: (await admin.query<{ me: { id: string } }>("auth.state")).me.id };
    assetId = await newAsset();
    await flowOn(assetId, [{ approvers: [{ kind: "role", id: "admin" }], need: any }], {}, self.client);
    const id = await ask([assetId], { by: first });
    expect(await refused(id, admin)).toBe("own-request");
    await self.client.mutate("tickets.decide", { id, decision: "reject" });
    const again = await ask([assetId], { by: self });
    const { id: elsewhere } = await admin.mutate<{ id: string }>("organisations.create", { name: "elsewhere" });
    const { email, org: home } = (await self.client.query<{ me: { email: string; org: { id: string } } }>("auth.state")).me;
    await admin.mutate("organisations.addMember", { id: elsewhere, email, role: "admin" });
    await self.client.mutate("organisations.enter", { id: elsewhere });
    expect(await refused(again)).toBe("not-found");
    await self.client.mutate("organisations.enter", { id: home.id });
    expect(await refused(again)).toBe("own-request");
  });

  test("by asking again, by asking for longer, or by taking back a refusal: each is a request that others decide", async () => {
    const id = await asksUnder([{ approvers: [user(boss)], need: any }]);
    await approve(id, boss);
    const { id: longer } = await self.client.mutate<{ id: string }>("tickets.extend", { id, minutes: 30, reason: "not done" });
    expect(await refused(longer)).toBe("own-request");
    await reject(longer, boss);
    expect(await refused(longer)).toBe("own-request");
    const fields = { title: "again", reason: "again", asked: wish([assetId]) };
    expect(await self.client.refusal(self.client.mutate("tickets.change", { id: longer, ...fields, submit: true }))).toBe(
      "ticket-state",
    );
    expect(await read(longer, self.client)).toMatchObject({ state: "rejected" });
    expect(await grantsOf(longer)).toBe(0);
  });

  test("by an access key, by the second level, by those it escalates to", async () => {
    const id = await asksUnder([
      { approvers: [user(boss)], need: any },
      { approvers: [user(self), user(colleague)], need: any },
    ]);
    await approve(id, boss);
    const { key } = await self.client.mutate<{ key: string }>("keys.create", { name: "mine" });
    const answer = await fetch(`${hub.url}/api/v1/tickets/${id}/decide`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ decision: "approve" }),
    });
    expect(await answer.json()).toMatchObject({ code: "own-request" });
    expect(await refused(id)).toBe("own-request");
  });

  test("by a flow he wrote: neither by its rule, nor by changing it after he asked", async () => {
    assetId = await newAsset();
    const auto = { minutesMax: 600, actions: ["connect"] };
    const flow = await flowOn(assetId, [{ approvers: [user(boss)], need: any }], { auto }, self.client);
    const id = await ask([assetId], { by: self });
    expect(await read(id, self.client)).toMatchObject({ state: "pending", deciders: [{ id: boss.id }] });
    const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
    await self.client.mutate("tickets.changeFlow", {
      id: flow,
      name: "mine",
      match,
      levels: [{ approvers: [user(self)], need: any }],
    });
    expect(await refused(id)).toBe("own-request");
    expect(await read(id, self.client)).toMatchObject({ deciders: [{ id: boss.id }] });
    expect(await grantsOf(id)).toBe(0);
  });
});

test("the list of what waits for somebody holds what he may decide, by whatever way he is meant, and nothing else", async () => {
  const [manager, owner, member, named, away, standIn] = await Promise.all(
    ["manager", "owner", "member", "named", "away", "stand-in"].map((name) => newPerson(name)),
  );
  const asking = await newPerson("asking");
  if (!manager || !owner || !member || !named || !away || !standIn) throw new Error("six people");
  const { id: group } = await admin.mutate<{ id: string }>("groups.create", { name: "those who decide" });
  await admin.mutate("groups.addMembers", { id: group, userIds: [member.id] });
  await admin.mutate("people.update", { id: asking.id, managerId: manager.id });
  const from = new Date(clock.now().getTime() - hourMs).toISOString();
  const until = new Date(clock.now().getTime() + hourMs).toISOString();
  await away.client.mutate("tickets.setSubstitute", { substitute: { id: standIn.id, from, until } });
  const waits = async ({ client }: Person) =>
    (await client.query<{ items: { id: string }[] }>("tickets.list", { box: "to-decide" })).items.map(({ id }) => id);
  for (const [approver, deciders] of [
    [{ kind: "manager" }, [manager]],
    [{ kind: "asset-owner" }, [owner]],
    [{ kind: "group", id: group }, [member]],
    [user(named), [named]],
    [user(away), [away, standIn]],
  ] as const) {
    const assetId = await newAsset();
    await admin.mutate("assets.change", { id: assetId, ownerId: owner.id });
    await flowOn(assetId, [{ approvers: [approver], need: any }]);
    const id = await ask([assetId], { by: asking });
    for (const person of [manager, owner, member, named, away, standIn, asking])
      expect(await waits(person), approver.kind).toEqual(deciders.some((one) => one.id === person.id) ? [id] : []);
    await asking.client.mutate("tickets.withdraw", { id });
  }
});

test("what a flow lets pass by itself is approved at once; more than that needs somebody", async () => {
  const assetId = await newAsset();
  const auto = { minutesMax: 240, actions: ["connect"] };
  await flowOn(assetId, [{ approvers: [user(boss)], need: any }], { auto });
  expect(await read(await ask([assetId]))).toMatchObject({ state: "approved" });
  expect(await read(await ask([assetId], { more: { minutes: 300 } }))).toMatchObject({ state: "pending" });
  expect(await read(await ask([assetId], { more: { actions: ["run"] } }))).toMatchObject({ state: "pending" });
});

test("an asset that is gone when it is decided is named, and nothing is given", async () => {
  const assetId = await newAsset();
  await flowOn(assetId, [{ approvers: [user(boss)], need: any }]);
  const id = await ask([assetId]);
  await admin.mutate("assets.remove", { ids: [assetId] });
  expect(await boss.client.refusal(approve(id, boss))).toBe("conflict");
  expect(await read(id)).toMatchObject({ state: "pending" });
});

test("a substitute is found by a piece of his name, and both see it until it is over", async () => {
  const [away, standIn] = [await newPerson("oskaraway"), await newPerson("inesstandin")];
  const found = await away.client.query<{ items: object[] }>("people.colleagues", { search: "standin" });
  expect(found.items).toEqual([{ id: standIn.id, name: "inesstandin", username: expect.any(String) }]);
  expect(await away.client.query("people.colleagues", { search: "" })).toEqual({ items: [] });
  const [from, until] = [0, hourMs].map((ms) => new Date(clock.now().getTime() + ms).toISOString());
  await away.client.mutate("tickets.setSubstitute", { substitute: { id: standIn.id, from, until } });
  const seen = ({ client }: Person) => client.query("tickets.substitute");
  expect(await seen(away)).toMatchObject({ substitute: { id: standIn.id, until }, standsInFor: [] });
  expect(await seen(standIn)).toMatchObject({ substitute: null, standsInFor: [{ id: away.id, name: "oskaraway" }] });
  clock.advance(hourMs + 1_000);
  expect(await seen(standIn)).toMatchObject({ standsInFor: [] });
});

test("those who are asked, and whoever asked, are told", async () => {
  const assetId = await newAsset();
  await flowOn(assetId, [{ approvers: [user(boss)], need: any }]);
  const id = await ask([assetId]);
  const inbox = async ({ client }: Person) =>
    (await client.query<{ items: { kind: string; path: string }[] }>("notices.inbox", { language: "en" })).items[0];
  expect(await inbox(boss)).toMatchObject({ kind: "ticket.waiting", path: expect.stringContaining(id) });
  expect(await boss.client.query("tickets.waiting")).toMatchObject({ waiting: expect.any(Number) });
  await reject(id, boss);
  expect(await inbox(asker)).toMatchObject({ kind: "ticket.rejected" });
});

const when = (id: string, holds: (ticket: Ticket) => boolean) => eventually(() => read(id), holds, { what: "the ticket" });

// In an emergency somebody takes access at once: loudly, for a short time, and somebody else looks at it afterwards.
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { TestClient } from "../testing/test-client.ts";
import { person as passwordOf, TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; email: string };
type Ticket = {
  state: string;
  origin: string;
  review: string;
  grantId: string;
  reviewed: object | null;
  may: { review: boolean };
};

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let fireman: Person;
let owner: Person;
let manager: Person;
let bystander: Person;
let assetId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  const permissions = ["terminal.open", "tickets.open", "access.break-glass"];
  const { id: role } = await admin.mutate<{ id: string }>("roles.create", { name: "on call", description: "", permissions });
  [owner, manager, bystander] = [await newPerson("owner"), await newPerson("manager"), await newPerson("bystander")];
  fireman = await newPerson("fireman");
  await admin.mutate("people.setRole", { id: fireman.id, role });
  fireman.client = await signIn(fireman);
  await admin.mutate("people.update", { id: fireman.id, managerId: manager.id });
  const agent = await hub.enrolAgent({});
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  await hub.sql`update assets set owner_id = ${owner.id} where id = ${assetId}`;
});
afterAll(() => hub[Symbol.asyncDispose]());

async function newPerson(name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, ...(await client.query<{ me: Omit<Person, "client"> }>("auth.state")).me };
}
const signIn = ({ email }: Person) => TestClient.signIn(hub.url, { email, ...passwordOf });
const take = (more: object = {}, by = fireman.client) =>
  by.mutate<{ id: string }>("breakGlass.open", {
    assetIds: [assetId],
    accounts: ["@agent"],
    reason: "the site is down",
    minutes: 60,
    ...more,
  });
const read = (id: string, by: TestClient) => by.query<Ticket>("tickets.get", { id });
const review = (id: string, by: Person) => by.client.mutate("breakGlass.review", { id, findings: "the disk was full" });
const waiting = async ({ client }: Person) => (await client.query<{ waiting: number }>("tickets.waiting")).waiting;
const inboxOf = async (by: TestClient) =>
  (await by.query<{ items: { kind: string; severity: string }[] }>("notices.inbox", { language: "en" })).items.filter(
    ({ kind }) => kind === "access.break-glass",
  );

test("whoever has the right reaches it when it answers, until the time is over, and everybody concerned has been told", async () => {
  await owner.client.mutate("notices.setSubscription", { kind: "access.break-glass", inbox: false, mail: false }); // nobody mutes it
  const { id } = await take();
  const reach = async () => (await fireman.client.query<{ items: unknown[] }>("assets.list", {})).items.length;
  expect(await reach()).toBe(1);
  expect(await read(id, fireman.client)).toMatchObject({ state: "approved", origin: "emergency", review: "to-be-reviewed" });
  for (const concerned of [owner.client, manager.client, admin]) expect(await inboxOf(concerned)).toHaveLength(1);
  expect(await inboxOf(bystander.client)).toHaveLength(0);
  expect((await fireman.client.query<{ items: unknown[] }>("breakGlass.held")).items).toHaveLength(1);
  const [event] = await hub.sql`select data from audit_events where kind = 'access.break-glass-opened' and subject_id = ${id}`;
  expect(event?.["data"]).toMatchObject({ reason: "the site is down", minutes: 60 });
  const { grantId } = await read(id, fireman.client);
  await hub.sql`insert into sessions (id, org_id, kind, state, user_id, asset_id, agent_id, account, account_choice, protocol, grant_id, columns, rows, started_at)
    select 'ses_emergency', org_id, 'shell', 'ended', ${fireman.id}, ${assetId}, agent_id, '@agent', '@agent', 'agent', ${grantId}, 80, 24, now() from assets where id = ${assetId}`;
  expect(await admin.query("sessions.list", {})).toMatchObject({ items: [{ id: "ses_emergency", emergency: true }] });
  clock.advance(61 * 60_000);
  expect(await reach()).toBe(0);
});

test("not without the right, a factor shown just now, a browser, or for longer than allowed", async () => {
  expect(await bystander.client.refusal(take({}, bystander.client))).toBe("forbidden");
  expect(await fireman.client.refusal(take())).toBe("confirm-first"); // an hour after he signed in
  fireman.client = await signIn(fireman);
  const key = await fireman.client.withKey();
  expect(await key.refusal(take({}, key))).toBe("confirm-first");
  expect(await fireman.client.refusal(take({ minutes: 61 }))).toBe("bad-input");
  expect(await fireman.client.refusal(take({ minutes: 241 }))).toBe("bad-input");
  expect(await fireman.client.refusal(take({ assetIds: ["ast_nobodys"] }))).toBe("not-found");
  const boss = await hub.as("admin", "boss");
  await boss.mutate("breakGlass.setRules", { minutesMax: 240 });
  await take({ minutes: 240 });
});

test("it waits for a review by somebody concerned, who is not the one who took it, and counts until then", async () => {
  const before = await waiting(owner);
  const { id } = await take({ minutes: 30 });
  expect(await owner.client.refusal(review(id, owner))).toBe("ticket-state"); // it is going on
  await fireman.client.mutate("tickets.end", { id });
  expect([await waiting(owner), await waiting(manager)].map((now) => now > before)).toEqual([true, true]);
  expect(await fireman.client.refusal(review(id, fireman))).toBe("own-request");
  expect(await bystander.client.refusal(review(id, bystander))).toBe("not-found");
  expect((await read(id, owner.client)).may.review).toBe(true);
  const tries = await Promise.all(
    [owner, manager].map((who) =>
      review(id, who).then(
        () => 1,
        () => 0,
      ),
    ),
  );
  expect(tries.reduce<number>((sum, one) => sum + one, 0)).toBe(1);
  expect(await read(id, admin)).toMatchObject({ review: "reviewed", reviewed: { findings: "the disk was full" } });
  const [event] = await hub.sql`select data from audit_events where kind = 'access.break-glass-reviewed' and subject_id = ${id}`;
  expect(event?.["data"]).toEqual({ findings: "the disk was full" });
});

test("one who manages requests and took it himself does not review it either", async () => {
  const boss = await hub.as("admin", "second-boss");
  const { id } = await take({}, boss);
  await boss.mutate("tickets.end", { id });
  expect(await boss.refusal(boss.mutate("breakGlass.review", { id, findings: "fine" }))).toBe("own-request");
  await admin.mutate("breakGlass.review", { id, findings: "as it should be" });
});

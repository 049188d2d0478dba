// The link in the mail: it leads its person, once signed in, to one decision, and nobody else to anything.
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../platform/config.ts";
import { eventually, TestClock } from "../testing/eventually.ts";
import { type MailServer, readMail, startMailServer } from "../testing/mail-server.ts";
import { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; email: string };
type LookedAt = { standing: string; viewer: string; ticketId: string | null; ticket: object | null; organisation: object };

const publicUrl = "https://hub.example.org";
const clock = new TestClock();
let mails: MailServer;
let hub: TestHub;
let admin: TestClient;
let asker: Person;
let boss: Person;
let colleague: Person;
let assetId: string;

beforeAll(async () => {
  mails = await startMailServer();
  const { smtp } = readConfig(["--smtp-url", `smtp://127.0.0.1:${mails.port}`, "--public-url", publicUrl], {});
  hub = await TestHub.start({ publicUrl, smtp }, { clock });
  admin = await TestClient.signIn(url(), { email: "admin@example.org", password: "correct-horse-battery" });
  [asker, boss, colleague] = [await newPerson("asker"), await newPerson("boss"), await newPerson("colleague")];
  const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  const asset = { name: "server", zoneId, platform: "linux", address: "192.0.2.1" };
  assetId = (await admin.mutate<{ id: string }>("assets.create", asset)).id;
  const approvers = [boss, colleague].map(({ id }) => ({ kind: "user", id }));
  const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
  await admin.mutate("tickets.createFlow", { name: "by mail", match, levels: [{ approvers, need: { kind: "any" } }] });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await mails[Symbol.asyncDispose]();
});

/** Where it listens, which is not where people are told that it is. */
const url = () => `http://localhost:${hub.hub.ports.console}`;

async function newPerson(name: string): Promise<Person> {
  const email = `${name}@example.org`;
  await admin.mutate("people.invite", { email, name, role: "user" });
  const text = await mailTo(email, /invite\?token/);
  const token = /invite\?token=([\w-]+)/.exec(text)?.[1] ?? "";
  const client = await TestClient.enter(url(), "auth.acceptInvite", { token, name, password: "another-long-password" });
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id, email };
}

async function mailTo(email: string, about: RegExp): Promise<string> {
  const read = () => mails.mails.filter(({ to }) => to.includes(email)).map(({ raw }) => readMail(raw).text);
  const texts = await eventually(read, (all) => about.test(all.at(-1) ?? ""), { what: "a mail" });
  return texts.at(-1) ?? "";
}

let asked = 0;
/** A new request, and the links that both who may decide were mailed. */
async function ask(): Promise<{ id: string; ofBoss: string; ofColleague: string }> {
  asked += 1;
  const title = `look ${asked} at it`;
  const wish = { kind: "server", assetIds: [assetId], accounts: ["deploy"], actions: ["connect"], minutes: 60 };
  const { id } = await asker.client.mutate<{ id: string }>("tickets.open", { title, reason: "to mend it", asked: wish });
  const linkTo = async ({ email }: Person) => /\/decide\?link=([\w-]+)/.exec(await mailTo(email, new RegExp(title)))?.[1] ?? "";
  return { id, ofBoss: await linkTo(boss), ofColleague: await linkTo(colleague) };
}
const look = (link: string, by: TestClient = new TestClient(url())) => by.query<LookedAt>("tickets.link", { link });
const decide = ({ client }: Person, id: string, link: string) =>
  client.mutate("tickets.decide", { id, decision: "approve", link });
const stateOf = async (id: string) => (await asker.client.query<{ state: string }>("tickets.get", { id })).state;

test("a link shows the request, and decides nothing until its person has signed in and decided", async () => {
  const { id, ofBoss } = await ask();
  for (let n = 0; n < 3; n++)
    expect(await look(ofBoss)).toMatchObject({
      standing: "open",
      viewer: "nobody",
      ticketId: null,
      ticket: { requester: "asker" },
    });
  expect((await fetch(`${url()}/decide?link=${ofBoss}`)).status).toBeLessThan(500);
  expect(await stateOf(id)).toBe("pending");
  expect(await look(ofBoss, boss.client)).toMatchObject({ viewer: "yours", ticketId: id, organisation: { isHere: true } });
  await decide(boss, id, ofBoss);
  expect(await stateOf(id)).toBe("approved");
  const [event] = await hub.sql<{ data: { via: string } }[]>`
    select data from audit_events where kind = 'ticket.decided' and subject_id = ${id}`;
  expect(event?.data.via).toBe("link");
});

test("a link is good for one decision, and says so when it comes again, or others were faster", async () => {
  const { id, ofBoss, ofColleague } = await ask();
  await decide(boss, id, ofBoss);
  expect(await look(ofBoss)).toMatchObject({ standing: "used", ticket: null });
  expect(await look(ofColleague)).toMatchObject({ standing: "decided", ticket: null });
  for (const [who, link] of [
    [boss, ofBoss],
    [colleague, ofColleague],
  ] as const)
    expect(await who.client.refusal(decide(who, id, link))).toMatch(/ticket-state|not-found/);
  expect(await hub.sql`select id from grants where ticket_id = ${id}`).toHaveLength(1);
});

test("another's link, an altered one and one of another request decide nothing", async () => {
  const [first, second] = [await ask(), await ask()];
  expect(await look(first.ofBoss, colleague.client)).toMatchObject({ viewer: "another", ticketId: null });
  expect(await look(first.ofBoss, asker.client)).toMatchObject({ viewer: "another" });
  expect(await colleague.client.refusal(decide(colleague, first.id, first.ofBoss))).toBe("bad-link");
  expect(await boss.client.refusal(decide(boss, first.id, second.ofBoss))).toBe("bad-link");
  for (const at of [8, 60, 150]) {
    const altered = first.ofBoss.slice(0, at) + (first.ofBoss[at] === "A" ? "B" : "A") + first.ofBoss.slice(at + 1);
    expect(await boss.client.refusal(look(altered))).toBe("bad-link");
    expect(await boss.client.refusal(decide(boss, first.id, altered))).toBe("bad-link");
  }
  expect(await asker.client.refusal(decide(asker, first.id, first.ofBoss))).toBe("own-request");
  expect(await stateOf(first.id)).toBe("pending");
});

test("a link ends after three days, and with its person's being asked", async () => {
  const { id, ofBoss, ofColleague } = await ask();
  await admin.mutate("people.disable", { id: colleague.id });
  expect(await look(ofColleague)).toMatchObject({ standing: "not-asked", ticket: null });
  clock.advance(3 * 86_400_000 + 60_000);
  expect(await look(ofBoss)).toMatchObject({ standing: "expired", ticket: null });
  const back = await TestClient.signIn(url(), { email: boss.email, password: "another-long-password" });
  expect(await back.refusal(decide({ ...boss, client: back }, id, ofBoss))).toBe("bad-link");
  await back.mutate("tickets.decide", { id, decision: "approve" });
});

// Guests whom an organisation asks by e-mail: they agree before they are there, and asking tells nothing about who exists.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Sent = { id: string; link: string | null; mailedTo: string | null; mailFailed: boolean };
type Me = { id: string; email: string; role: string; org: { id: string } };

const clock = new TestClock();
let hub: TestHub;
/** Of the organisation that asks. */
let asking: TestClient;
let orgId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  ({ client: asking, orgId } = await adminOfSecondOrganisation(hub));
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(() => clock.advance(61_000));
afterAll(() => hub[Symbol.asyncDispose]());

const meOf = async (client: TestClient) => (await client.query<{ me: Me }>("auth.state")).me;
const invite = async (email: string, role = "auditor") => {
  const sent = await asking.mutate<Sent>("guests.invite", { email, role });
  return { ...sent, token: new URL(sent.link ?? "").searchParams.get("token") ?? "" };
};
const elsewhere = async () => {
  const client = await hub.as("user", "guest");
  return { client, email: (await meOf(client)).email };
};

test("somebody asked by e-mail is a guest once he has accepted, signed in, and not before", async () => {
  const { client, email } = await elsewhere();
  const { token } = await invite(email);
  expect(await client.refusal(client.mutate("organisations.enter", { id: orgId }))).toBe("not-found");
  expect(await client.query("guests.invitation", { token })).toMatchObject({ organisation: { name: "Second" }, role: "auditor" });
  expect(await client.mutate("guests.accept", { token })).toEqual({ id: orgId });
  expect(await meOf(client)).toMatchObject({ role: "user" });
  await client.mutate("organisations.enter", { id: orgId });
  expect(await meOf(client)).toMatchObject({ role: "auditor", org: { id: orgId } });
  expect(await client.refusal(client.mutate("guests.accept", { token }))).toBe("bad-token");
  expect(await asking.refusal(invite(email))).toBe("conflict"); // works here already
});

test("asking an address that nobody has, and one of another organisation, leaves the same and answers the same", async () => {
  const { email } = await elsewhere();
  const answers = [];
  for (const address of [email, `${newId("p")}@example.org`]) {
    const { id, link, mailedTo, mailFailed } = await asking.mutate<Sent>("guests.invite", { email: address, role: "user" });
    const { items } = await asking.query<{ items: { id: string; email: string }[] }>("guests.invitations");
    const listed = items.find((one) => one.id === id);
    expect(listed?.email).toBe(address);
    expect((await asking.query<{ items: { email: string }[] }>("people.list", { search: address })).items).toEqual([]);
    // Ids and tokens are random, and the moments are those of the asking.
    const shown = Object.keys(listed ?? {});
    answers.push({ mailedTo, mailFailed, shown, kind: id.slice(0, 4), link: link?.replace(/token=.*/, "") });
  }
  expect(answers[0]).toEqual(answers[1]);
});

test("the link is for that address alone: another person, a key and nobody get nothing by it", async () => {
  const { client, email } = await elsewhere();
  const other = await hub.as("admin", "other");
  const { token } = await invite(email);
  expect(await other.refusal(other.query("guests.invitation", { token }))).toBe("bad-token");
  expect(await other.refusal(other.mutate("guests.accept", { token }))).toBe("bad-token");
  const key = await client.withKey();
  expect(await key.refusal(key.mutate("guests.accept", { token }))).toBe("forbidden");
  await client.mutate("guests.accept", { token });
});

test("a withdrawn, a replaced and an old invitation are worth nothing", async () => {
  const { client, email } = await elsewhere();
  const first = await invite(email);
  const second = await invite(email);
  expect(await client.refusal(client.mutate("guests.accept", { token: first.token }))).toBe("bad-token");
  await asking.mutate("guests.withdraw", { id: second.id });
  expect(await client.refusal(client.mutate("guests.accept", { token: second.token }))).toBe("bad-token");
  const third = await invite(email);
  await hub.sql`update guest_invitations set expires_at = ${clock.now()} where id = ${third.id}`;
  expect(await client.refusal(client.mutate("guests.accept", { token: third.token }))).toBe("bad-token");
});

test("of ten who accept at once, one does", async () => {
  const { client, email } = await elsewhere();
  const { token } = await invite(email);
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => client.mutate("guests.accept", { token })));
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

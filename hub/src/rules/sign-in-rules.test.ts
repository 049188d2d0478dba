// Signing in to the console waits where a rule lets somebody else look first, or is refused; and there is a way back in.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { askAdminSocket } from "../testing/admin-socket.ts";
import { TestClock } from "../testing/eventually.ts";
import { ApiError, TestClient } from "../testing/test-client.ts";
import { person as passwordOf, TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; email: string };
type State = { signedIn: boolean; pending: string | null };
type Review = { state: string; deciders: string[]; rule: string; comment: string };

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let operator: Person;
let boss: Person;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  [operator, boss] = [await newPerson("operator"), await newPerson("boss")];
});
afterAll(() => hub[Symbol.asyncDispose]());
afterEach(async () => {
  const { items } = await admin.query<{ items: { id: string }[] }>("rules.list");
  for (const { id } of items) await admin.mutate("rules.remove", { id });
});

async function newPerson(name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, ...(await client.query<{ me: Omit<Person, "client"> }>("auth.state")).me };
}
const write = (rule: object) =>
  admin.mutate<{ id: string }>("rules.create", {
    rule: { kind: "sign-in", name: "outside", subjects: [{ kind: "user", id: operator.id }], ...rule },
  });
const reviewed = () => ({
  outcome: "review",
  minutes: 60,
  level: { approvers: [{ kind: "user", id: boss.id }], need: { kind: "any" }, minutes: 30 },
});
const signIn = () => TestClient.signIn(hub.url, { email: operator.email, ...passwordOf });
const stateOf = (client: TestClient) => client.query<State>("auth.state");
const reviewOf = (client: TestClient) => client.query<Review>("auth.review");
const waiting = async () =>
  (await boss.client.query<{ items: { id: string }[] }>("tickets.list", { box: "to-decide" })).items.map(({ id }) => id);
const decide = async (decision: string, comment = "") => {
  const [id = ""] = await waiting();
  await boss.client.mutate("tickets.decide", { id, decision, comment });
  return id;
};
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );

test("a reviewed sign-in is nobody's until somebody has let it through, and then for as long as that holds", async () => {
  await write(reviewed());
  const client = await signIn();
  expect(await stateOf(client)).toMatchObject({ signedIn: false, pending: "review" });
  expect(await reviewOf(client)).toEqual({ state: "pending", rule: "outside", deciders: ["boss"], comment: "" });
  expect(await refusal(client.query("tickets.list", {}))).toBe("not-signed-in");
  expect(await refusal(client.mutate("auth.afterReview"))).toBe("ticket-state");
  const again = await signIn(); // of the same browser: it waits for the same decision
  expect(await waiting()).toHaveLength(1);
  await decide("approve");
  await client.mutate("auth.afterReview");
  expect(await stateOf(client)).toMatchObject({ signedIn: true, pending: null });
  await again.mutate("auth.afterReview");
  expect((await stateOf(await signIn())).signedIn).toBe(true);
  clock.advance(61 * 60_000);
  expect((await stateOf(await signIn())).pending).toBe("review");
  expect((await stateOf(client)).signedIn).toBe(true); // whoever is in stays in
});

test("one that is rejected, given up or too late lets nobody in", async () => {
  await write(reviewed());
  await TestClient.signIn(hub.url, { email: operator.email, ...passwordOf }).then((client) => client.mutate("auth.cancelSignIn"));
  expect(await waiting()).toHaveLength(0);
  const rejected = await signIn();
  await decide("reject", "not from there");
  expect(await reviewOf(rejected)).toMatchObject({ state: "rejected", comment: "not from there" });
  expect(await refusal(rejected.mutate("auth.afterReview"))).toBe("ticket-state");
  const late = await signIn();
  clock.advance(25 * 3_600_000);
  expect(await refusal(late.query("auth.review"))).toBe("not-signed-in");
});

test("a rule that refuses lets nobody in whom it names, by password or link, and says so in the log", async () => {
  await write({ outcome: "refuse", says: "Only from the office." });
  expect(await refusal(signIn())).toBe("rule-refused");
  const { link } = await admin.mutate<{ link: string }>("people.resetLink", { id: operator.id });
  const token = new URL(link).searchParams.get("token") ?? "";
  const accept = { token, name: "operator", password: passwordOf.password };
  expect(await refusal(TestClient.enter(hub.url, "auth.acceptInvite", accept))).toBe("rule-refused");
  const { items } = await admin.query<{ items: { data: { what: string } }[] }>("audit.list", { kind: "rule.refused" });
  expect(items.map(({ data }) => data.what)).toEqual(["sign-in", "sign-in"]);
});

test("a rule that was allowed before does not ask, and one for another network does not either", async () => {
  await write({ name: "office", outcome: "allow", addresses: ["127.0.0.0/8", "::1/128"] });
  await write({ outcome: "refuse" });
  expect((await stateOf(await signIn())).signedIn).toBe(true);
});

test("whoever has the hub's machine switches them off when they shut everybody out", async () => {
  await write({ outcome: "refuse" });
  expect(await refusal(signIn())).toBe("rule-refused");
  expect(await askAdminSocket(hub, "POST", "/sign-in-rules/off")).toEqual({ off: 1 });
  expect((await stateOf(await signIn())).signedIn).toBe(true);
});

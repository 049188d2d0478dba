// Rules hold up what grants allow. The shell is a real one: whether a line ran is seen in its folder.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { eventually, TestClock } from "../testing/eventually.ts";
import { RealShells } from "../testing/real-shell.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import { ApiError, TestClient, type TestTerminal } from "../testing/test-client.ts";
import { TestDial } from "../testing/test-dial.ts";
import { person as passwordOf, TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; email: string };
type Ticket = { id: string; kind: string; state: string; asked: Record<string, unknown>; may: Record<string, boolean> };
const line = z.looseObject({ state: z.string(), ticketId: z.string().optional(), deciders: z.array(z.string()).optional() });
const ticketIn = (refused: unknown): string =>
  z.object({ facts: z.object({ ticketId: z.string() }) }).parse(refused).facts.ticketId;

const clock = new TestClock();
const shells = new RealShells();
let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let operator: Person;
let boss: Person;
let bystander: Person;
let assetId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ shell: shells.typed });
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  [operator, boss, bystander] = [await newPerson("operator"), await newPerson("boss"), await newPerson("bystander")];
  for (const { id } of [operator, bystander]) await hub.grant(id, [assetId], ["connect", "forward"]);
});
afterAll(async () => {
  shells.end();
  await hub[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const { id } of await rulesNow()) await admin.mutate("rules.remove", { id });
});

async function newPerson(name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, ...(await client.query<{ me: Omit<Person, "client"> }>("auth.state")).me };
}

const rulesNow = async () =>
  (await admin.query<{ items: { id: string; name: string; updatedAt: string }[] }>("rules.list")).items;

async function write(rule: object): Promise<string> {
  const { id } = await admin.mutate<{ id: string }>("rules.create", {
    rule: { kind: "command", name: "careful", targets: [{ kind: "all" }], outcome: "refuse", ...rule },
  });
  return id;
}
const words = (...texts: string[]) => ({ patterns: texts.map((text) => ({ kind: "words", text })) });
const decidedBy = (...people: Person[]) => ({
  outcome: "review",
  level: { approvers: people.map(({ id }) => ({ kind: "user", id })), need: { kind: "any" }, minutes: 15 },
});

/** A terminal whose shell is ready. */
async function openShell(by: Person): Promise<TestTerminal> {
  const terminal = await by.client.openTerminal(assetId);
  terminal.type("\r"); // the shell begins with what is typed first, and reads it when it has begun
  await terminal.until(() => terminal.text.split("$ ").length > 2, "the second prompt");
  return terminal;
}

/** A new prompt stands there: what is typed with Ctrl-C is thrown away with the line. */
async function prompt(terminal: TestTerminal, keys: string): Promise<void> {
  const before = terminal.text.length;
  terminal.type(keys);
  await terminal.until(() => terminal.text.indexOf("$ ", before) > 0, "the prompt");
}

const lineOf = (terminal: TestTerminal): z.infer<typeof line> => {
  const told = terminal.messages.filter(({ type }) => type === "line").at(-1);
  return told === undefined ? { state: "free" } : line.parse(told["line"]);
};
const comesTo = (terminal: TestTerminal, state: string) =>
  terminal.until(() => lineOf(terminal).state === state, `a line ${state}`);

const made = (name: string) => existsSync(path.join(shells.folder, name));
const soon = async (holds: () => boolean) => {
  for (let n = 0; n < 40 && !holds(); n++) await wait(25);
  return holds();
};
/** Another line has run after it, so whatever it did is done. */
async function afterIt(terminal: TestTerminal): Promise<void> {
  const mark = `mark-${Math.random().toString(36).slice(2)}`;
  // What is typed in the instant after a Ctrl-C may be thrown away with the line before it.
  do {
    await prompt(terminal, "\u0003");
    terminal.type(`mkdir ${mark}\r`);
  } while (!(await soon(() => made(mark))));
}
const until = (name: string, is: boolean) =>
  eventually(
    () => made(name),
    (there) => there === is,
    { what: name },
  );

const ticket = (id: string, by: TestClient) => by.query<Ticket>("tickets.get", { id });
const decide = (id: string, by: Person, decision: string) => by.client.mutate("tickets.decide", { id, decision });
const waitingFor = async ({ client }: Person) => (await client.query<{ waiting: number }>("tickets.waiting")).waiting;
const told = async (kind: string) =>
  (await admin.query<{ items: { data: Record<string, string> }[] }>("audit.list", { kind })).items.map(({ data }) => data);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );

test("a line that a rule refuses does not run, others do, and people whom it does not name know nothing of it", async () => {
  await write({ subjects: [{ kind: "user", id: operator.id }], ...words("mkdir never"), says: "Ask the storage people." });
  const terminal = await openShell(operator);
  terminal.type("mkdir never\r");
  await comesTo(terminal, "refused");
  expect(lineOf(terminal)).toMatchObject({
    line: "mkdir never",
    why: "refused",
    says: "Ask the storage people.",
    rule: "careful",
  });
  terminal.type("-more\r"); // the line still stands there, and may be edited
  await until("never-more", true);
  expect(made("never")).toBe(false);
  const other = await openShell(bystander);
  other.type("mkdir never\r");
  await until("never", true);
  expect(lineOf(other).state).toBe("free");
  expect((await told("rule.refused")).at(0)).toMatchObject({ line: "mkdir never", rule: "careful", what: "command" });
});

test("what stands in the line counts, not the keys: history, editing, several commands, a path before the word", async () => {
  await write(words("rmdir kept"));
  mkdirSync(path.join(shells.folder, "kept"));
  const terminal = await openShell(operator);
  for (const keys of [
    "rmdir kept",
    "cd . && /bin/rmdir   kept",
    "kept\u0001rmdir \u0005", // typed backwards: beginning of the line, then its end
    "rmdirx\u007f kept",
    "r'm'dir ke\\pt",
  ]) {
    terminal.type(`${keys}\r`);
    await comesTo(terminal, "refused");
    await prompt(terminal, "\u0003");
    expect(lineOf(terminal).state).toBe("free");
  }
  // From the history, where a rule came after it had been typed.
  await prompt(terminal, "true rmdir-kept\r"); // is another word
  await afterIt(terminal);
  expect(lineOf(terminal).state).toBe("free");
  expect(made("kept")).toBe(true);
});

test("a warning runs it at Enter, drops it at Ctrl-C, and is on record with what was done", async () => {
  await write({ ...words("mkdir risky"), outcome: "warn" });
  const terminal = await openShell(operator);
  terminal.type("mkdir risky\rmkdir typed-ahead\r");
  await comesTo(terminal, "warned");
  terminal.type("\u0003");
  await comesTo(terminal, "free");
  await afterIt(terminal);
  expect([made("risky"), made("typed-ahead")]).toEqual([false, false]);
  terminal.type("mkdir risky\r");
  await comesTo(terminal, "warned");
  terminal.type("\r");
  await until("risky", true);
  expect(await told("rule.warned")).toHaveLength(2);
  expect(await told("rule.confirmed")).toHaveLength(1);
});

test("what cannot be put on record does not run: neither a line that is looked at nor one that was confirmed", async () => {
  await write({ ...words("mkdir unrecorded"), outcome: "warn" });
  const terminal = await openShell(operator);
  const withoutLog = async (work: () => Promise<void>) => {
    await hub.sql`alter table audit_events rename to audit_events_away`;
    await work().finally(() => hub.sql`alter table audit_events_away rename to audit_events`);
  };
  const isUnavailable = async () => {
    await comesTo(terminal, "refused");
    expect(lineOf(terminal)).toMatchObject({ why: "unavailable" });
  };
  await withoutLog(async () => {
    terminal.type("mkdir unrecorded\r");
    await isUnavailable();
  });
  terminal.type("\r"); // the same line once more
  await comesTo(terminal, "warned");
  await withoutLog(async () => {
    terminal.type("\r");
    await isUnavailable();
  });
  expect(made("unrecorded")).toBe(false);
  await afterIt(terminal);
  expect(made("unrecorded")).toBe(false);
});

test("a reviewed line waits, runs once it is approved by who is named, and is asked about each time", async () => {
  await write({ ...words("mkdir reviewed"), ...decidedBy(boss) });
  const terminal = await openShell(operator);
  terminal.type("mkdir reviewed --mode 700 && echo password=hunter2\r");
  await comesTo(terminal, "waiting");
  const { ticketId = "", deciders } = lineOf(terminal);
  expect(deciders).toEqual(["boss"]);
  terminal.type("anything else\r"); // goes nowhere
  expect(await waitingFor(boss)).toBe(1);
  const asked = await ticket(ticketId, boss.client);
  expect(asked).toMatchObject({ kind: "command", state: "pending", may: { decide: true } });
  expect(asked.asked["line"]).toBe("mkdir reviewed --mode 700 && echo password=••••");
  expect(JSON.stringify(await told("ticket.submitted"))).not.toContain("hunter2");
  expect(await refusal(decide(ticketId, operator, "approve"))).toBe("own-request");
  expect(await refusal(decide(ticketId, bystander, "approve"))).toBe("not-found");
  expect(made("reviewed")).toBe(false);
  await decide(ticketId, boss, "approve");
  await until("reviewed", true);
  await comesTo(terminal, "free");
  await terminal.until(() => !terminal.text.includes("anything else"));
  terminal.type("mkdir reviewed-again; mkdir reviewed again\r");
  await comesTo(terminal, "waiting");
  expect(lineOf(terminal).ticketId).not.toBe(ticketId);
  await decide(lineOf(terminal).ticketId ?? "", boss, "reject");
  await comesTo(terminal, "refused");
  expect(lineOf(terminal)).toMatchObject({ why: "rejected" });
  await afterIt(terminal);
  expect(made("reviewed-again")).toBe(false);
});

test("an emergency waits for nobody, and that is on record", async () => {
  await write({ kind: "connection", ...decidedBy(boss) });
  await write({ ...words("mkdir emergency"), ...decidedBy(boss) });
  const permissions = ["terminal.open", "tickets.open", "access.break-glass"];
  const { id: role } = await admin.mutate<{ id: string }>("roles.create", { name: "on call", description: "", permissions });
  const fireman = await newPerson("fireman");
  await admin.mutate("people.setRole", { id: fireman.id, role });
  fireman.client = await TestClient.signIn(hub.url, { email: fireman.email, ...passwordOf });
  await fireman.client.mutate("breakGlass.open", { assetIds: [assetId], accounts: ["@agent"], reason: "down", minutes: 60 });
  const terminal = await openShell(fireman);
  terminal.type("mkdir emergency\r");
  await until("emergency", true);
  expect(await told("rule.set-aside")).toHaveLength(2);
});

test("a line that is given up, whose terminal ends or whose time is over asks nobody any more", async () => {
  await write({ ...words("mkdir waited"), ...decidedBy(boss) });
  const wait = async () => {
    const terminal = await openShell(operator);
    terminal.type("mkdir waited\r");
    await comesTo(terminal, "waiting");
    return { terminal, ticketId: lineOf(terminal).ticketId ?? "" };
  };
  const first = await wait();
  first.terminal.type("\u0003");
  await comesTo(first.terminal, "free");
  await eventually(
    () => ticket(first.ticketId, operator.client),
    ({ state }) => state === "withdrawn",
    { what: "it is withdrawn" },
  );
  expect(await refusal(decide(first.ticketId, boss, "approve"))).not.toBeNull();
  await afterIt(first.terminal);
  const second = await wait();
  await operator.client.mutate("sessions.end", { id: second.terminal.sessionId });
  await eventually(
    () => ticket(second.ticketId, operator.client),
    ({ state }) => state === "withdrawn",
    { what: "it is withdrawn" },
  );
  const third = await wait();
  clock.advance(16 * 60_000);
  await comesTo(third.terminal, "refused");
  expect(lineOf(third.terminal)).toMatchObject({ why: "lapsed" });
  expect(made("waited")).toBe(false);
});

test("a rule that is written or removed while a terminal is open holds there at once", async () => {
  const terminal = await openShell(operator);
  terminal.type("mkdir early\r");
  await until("early", true);
  const id = await write(words("mkdir late"));
  terminal.type("mkdir late\r");
  await comesTo(terminal, "refused");
  terminal.type("\u0015");
  await admin.mutate("rules.remove", { id });
  terminal.type("mkdir late\r");
  await until("late", true);
});

test("after a restart of the hub a line that waited is asked about anew, and never runs by itself", async () => {
  await write({ ...words("mkdir survived"), ...decidedBy(boss) });
  const terminal = await openShell(operator);
  terminal.type("mkdir survived\r");
  await comesTo(terminal, "waiting");
  const { ticketId = "" } = lineOf(terminal);
  await hub.restart();
  admin = await TestClient.signIn(hub.url, { email: "admin@example.org", ...passwordOf }).catch(() => hub.asAdmin());
  expect((await ticket(ticketId, operator.client)).state).toBe("withdrawn");
  await agent.link();
  const again = await operator.client.attach(terminal.sessionId, 0);
  again.type("\r");
  await comesTo(again, "waiting");
  expect(lineOf(again).ticketId).not.toBe(ticketId);
  await decide(lineOf(again).ticketId ?? "", boss, "approve");
  await until("survived", true);
});

test("of several rules the first decides", async () => {
  const refuse = await write({ name: "second", ...words("mkdir"), outcome: "refuse" });
  const allow = await write({ name: "first", ...words("mkdir allowed"), outcome: "allow" });
  const terminal = await openShell(operator);
  terminal.type("mkdir allowed\r");
  await comesTo(terminal, "refused");
  await admin.mutate("rules.move", { id: allow, before: refuse });
  expect((await rulesNow()).map(({ name }) => name)).toEqual(["first", "second"]);
  terminal.type("\r"); // the same line once more
  await until("allowed", true);
});

test("whoever writes rules asks what they would say: which decides, and why each of the others does not", async () => {
  const { id: elsewhere } = await admin.mutate<{ id: string }>("groups.create", { name: "elsewhere" });
  await write({ name: "off", ...words("rm"), active: false });
  await write({ name: "others", ...words("rm"), subjects: [{ kind: "group", id: elsewhere }] });
  await write({ name: "root", ...words("rm"), accounts: ["root"] });
  await write({ name: "from there", ...words("rm"), addresses: ["192.0.2.0/24"] });
  await write({ name: "mkfs", ...words("mkfs") });
  await write({ name: "asks", ...words("reboot", "rm"), ...decidedBy(boss) });
  await write({ name: "after", ...words("rm") });
  const ask = (more: object = {}, by = admin) =>
    by.mutate<{ decides: object | null; closedBy: object | null; asked: { name: string; why: string | null }[] }>(
      "rules.explain",
      {
        kind: "command",
        userId: operator.id,
        assetId,
        account: "deploy",
        line: "sudo rm -r /srv",
        ...more,
      },
    );
  const whys = async (more: object = {}) =>
    Object.fromEntries((await ask(more)).asked.map(({ name, why }): [string, string | null] => [name, why]));
  expect((await ask()).decides).toMatchObject({ outcome: "review", pattern: "rm" });
  const reasons = { off: "off", others: "person", root: "account", "from there": "address", mkfs: "line" };
  expect(await whys()).toEqual({ ...reasons, asks: null, after: "later" });
  expect(await whys({ account: "root" })).toMatchObject({ root: null, "from there": "later" });
  expect(await whys({ address: "192.0.2.7" })).toMatchObject({ "from there": null });
  expect(await ask({ line: "ls" })).toMatchObject({ decides: null });
  const port = (more: object) => ask({ kind: "connection", account: "", line: "", ...more });
  expect(await port({})).toMatchObject({ asked: [], closedBy: { name: "root" } }); // as whom one signs in there nobody knows
  for (const open of [{ protocol: "tcp" }, { account: "deploy" }]) expect(await port(open)).toMatchObject({ closedBy: null });
  // It says what is true: the same line in a terminal.
  const terminal = await openShell(operator);
  terminal.type("true rm\r");
  await comesTo(terminal, "waiting");
  expect(lineOf(terminal)).toMatchObject({ rule: "asks" });
  expect(await refusal(ask({}, operator.client))).toBe("forbidden");
  expect(await refusal(ask({ userId: "usr_nobody" }))).toBe("not-found");
  expect(await refusal(ask({ kind: "sign-in" }))).toBe("bad-input");
});

test("a rule holds for its hours, its addresses and its accounts, and for nothing else", async () => {
  const now = clock.now();
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  const day = ((now.getUTCDay() + 6) % 7) + 1;
  const never = { timeZone: "UTC", spans: [{ days: [(day % 7) + 1], from: 0, to: 1_440 }] };
  await write({ ...words("mkdir hours"), hours: never });
  await write({ ...words("mkdir address"), addresses: ["192.0.2.0/24"] });
  await write({ ...words("mkdir account"), accounts: ["somebody-else"] });
  await write({ ...words("mkdir off"), active: false });
  await write({
    ...words("mkdir now"),
    hours: { timeZone: "UTC", spans: [{ days: [day], from: Math.max(0, minute - 5), to: Math.min(1_440, minute + 30) }] },
    addresses: ["127.0.0.0/8", "::1/128"],
    accounts: ["@agent"],
    protocols: ["ssh"],
  });
  const terminal = await openShell(operator);
  for (const one of ["hours", "address", "account", "off"]) {
    terminal.type(`mkdir ${one}\r`);
    await until(one, true);
  }
  terminal.type("mkdir now\r");
  await comesTo(terminal, "refused");
});

test("a rule that names what is gone may still be switched off, and names nothing new that is not there", async () => {
  const { id: group } = await admin.mutate<{ id: string }>("groups.create", { name: "leaving" });
  const rule = { kind: "command", name: "careful", targets: [{ kind: "all" }], outcome: "refuse", ...words("mkdir") };
  const id = await write({ ...rule, subjects: [{ kind: "group", id: group }] });
  await admin.mutate("groups.delete", { id: group });
  const off = { ...rule, subjects: [{ kind: "group", id: group }], active: false };
  await admin.mutate("rules.change", { id, rule: off });
  expect(await refusal(admin.mutate("rules.change", { id, rule: { ...off, subjects: [{ kind: "group", id: "grp_x" }] } }))).toBe(
    "not-found",
  );
});

test("of two who change a rule at once the second is told, and nothing of the first is lost", async () => {
  const rule = { kind: "command", name: "both", targets: [{ kind: "all" }], outcome: "refuse" };
  const id = await write({ ...rule, ...words("mkdir") });
  const seen = async () => (await rulesNow()).find((one) => one.id === id)?.updatedAt;
  const first = await seen();
  const change = (word: string, what: object) => admin.mutate("rules.change", { id, rule: { ...rule, ...words(word) }, ...what });
  const outcomes = await Promise.all(["touch", "mv"].map((word) => refusal(change(word, { seen: first }))));
  expect(outcomes.toSorted()).toEqual(["conflict", null]);
  // The clock stands still, and the change before is told apart all the same.
  expect(await refusal(change("rmdir", { seen: first }))).toBe("conflict");
  await change("rmdir", { seen: await seen() });
  // Who says nothing of what he saw writes it anew, as a script does that keeps rules in a file.
  await change("cp", {});
});

test("a connection that is reviewed opens once it is approved, for as long as that holds", async () => {
  await write({ kind: "connection", minutes: 30, ...decidedBy(boss) });
  const attempt = async () => (await operator.client.openTerminal(assetId)).find("error");
  const refused = await attempt();
  expect(refused).toMatchObject({ code: "review-needed", facts: { deciders: "boss", rule: "careful" } });
  const ticketId = ticketIn(refused);
  expect((await attempt())?.["facts"]).toMatchObject({ ticketId });
  expect(await ticket(ticketId, boss.client)).toMatchObject({ kind: "connection", asked: { protocol: "ssh", assetId } });
  expect(await refusal(operator.client.mutate("tickets.decide", { id: ticketId, decision: "approve" }))).toBe("own-request");
  expect(await refusal(operator.client.mutate("tickets.extend", { id: ticketId, minutes: 60, reason: "x" }))).toBe(
    "ticket-state",
  );
  await boss.client.mutate("tickets.decide", { id: ticketId, decision: "approve" });
  const terminal = await openShell(operator);
  expect(await attempt()).toBeUndefined();
  clock.advance(31 * 60_000);
  const [before, after] = [ticketId, ticketIn(await attempt())];
  expect(after).not.toBe(before);
  terminal.type("mkdir goes-on\r"); // what is open stays open
  await until("goes-on", true);
  await decide(after, boss, "approve");
  expect(await attempt()).toBeUndefined();
  await admin.mutate("tickets.end", { id: after });
  expect(await attempt()).toMatchObject({ code: "review-needed" });
});

test("a connection that is refused says so; rules of lines leave no way past them through a port", async () => {
  const dial = () => TestDial.open(operator.client, { assetId, port: 22 });
  const id = await write({ kind: "connection", outcome: "refuse", says: "Not from here." });
  expect((await operator.client.openTerminal(assetId)).find("error")).toMatchObject({ code: "rule-refused" });
  expect((await dial()).outcome).toBe("rule-refused");
  await admin.mutate("rules.remove", { id });
  await write({ ...words("rm"), outcome: "refuse" });
  expect((await dial()).outcome).toBe("terminal-only");
  expect((await TestDial.open(operator.client, { assetId, port: 8_080 })).outcome).toBe("opened");
});

test("nobody shuts himself out by a rule of signing in, and no pattern is taken that cannot be one", async () => {
  const signIn = { kind: "sign-in", name: "nobody", targets: [], outcome: "refuse" };
  expect(await refusal(admin.mutate("rules.create", { rule: signIn }))).toBe("would-lock-out");
  const bad = { ...words(), patterns: [{ kind: "regex", text: "(?<=x)y" }] };
  expect(await refusal(write(bad))).toBe("bad-input");
  expect(await refusal(write({ ...words() }))).toBe("bad-input");
  expect(await rulesNow()).toEqual([]);
});

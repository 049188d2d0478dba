// Another company system opens, decides and gives by REST: with keys made for it, in the name of people who may, once however often it asks, and hears
// of every step in order.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { generateApi } from "swagger-typescript-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { type DatabaseServer, missingMariadb, startMariadb } from "../testing/mariadb-server.ts";
import { type RobotServer, robotSecrets, startRobots } from "../testing/robot-server.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Person = { client: TestClient; id: string; email: string; username: string };
type Answer = { status: number; body: Record<string, unknown> };

const clock = new TestClock();
let hub: TestHub;
let robots: RobotServer;
let admin: TestClient;
let asker: Person;
let boss: Person;
/** Made by the first administrator. */
let desk: string;
let giver: string;
let assetId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  robots = await startRobots(clock);
  admin = await hub.asAdmin();
  [asker, boss] = [await newPerson("asker"), await newPerson("boss")];
  const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  const asset = { name: "web-1", zoneId, platform: "linux", address: "192.0.2.7" };
  assetId = (await admin.mutate<{ id: string }>("assets.create", asset)).id;
  for (const [username, privileged] of [
    ["deploy", false],
    ["root", true],
  ])
    await admin.mutate("accounts.create", { assetId, username, privileged, secret: { kind: "password", password: "p" } });
  const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
  const levels = [{ approvers: [boss, asker].map(({ id }) => ({ kind: "user", id })), need: { kind: "any" } }];
  await admin.mutate("tickets.createFlow", { name: "desk", match, levels });
  [desk, giver] = [await keyFor(admin, "tickets.on-behalf"), await keyFor(admin, "access.at-once")];
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await robots[Symbol.asyncDispose]();
});

async function newPerson(name: string, role: "user" | "admin" = "user"): Promise<Person> {
  const client = await hub.as(role, name);
  return { client, ...(await client.query<{ me: Omit<Person, "client"> }>("auth.state")).me };
}
const keyFor = async (by: TestClient, ...scopes: string[]) =>
  (await by.mutate<{ key: string }>("keys.create", { name: "their desk", scopes })).key;
async function rest(key: string, path: string, body: object, onceKey?: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(`${hub.url}/api/v1${path}`, {
    method: "POST",
    headers: onceKey === undefined ? headers : { ...headers, "idempotency-key": onceKey },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}
const wish = () => ({ kind: "server", assetIds: [assetId], accounts: ["deploy"], actions: ["connect"], minutes: 60 });
const openFor = (requester: string, onceKey?: string) =>
  rest(desk, "/tickets/on-behalf", { requester, title: "INC-1", reason: "INC-1", references: ["INC-1"], asked: wish() }, onceKey);
const decideFor = (id: unknown, person: string, key = desk) =>
  rest(key, `/tickets/${id}/decide-for`, { person, decision: "approve" });
const gift = (more: object = {}) => ({
  user: asker.email,
  assets: ["web-1"],
  account: "normal",
  minutes: 60,
  reason: "INC-2",
  reference: "INC-2",
  ...more,
});
const stateOf = async (id: unknown) => (await admin.query<{ state: string }>("tickets.get", { id })).state;
const code = ({ status, body }: Answer) => `${status} ${String(body["code"] ?? "")}`.trim();

describe("on behalf", () => {
  test("a ticket is opened, decided, read and ended in the name of people, and the record names the key", async () => {
    const { status, body } = await openFor(asker.email);
    expect(status).toBe(201);
    expect(code(await decideFor(body["id"], boss.username))).toBe("200");
    const read = await fetch(`${hub.url}/api/v1/tickets/${String(body["id"])}`, { headers: { authorization: `Bearer ${desk}` } });
    expect(await read.json()).toMatchObject({ state: "approved", origin: "on-behalf", requester: { id: asker.id } });
    expect(code(await rest(desk, `/tickets/${String(body["id"])}/end`, { reason: "closed there" }))).toBe("200");
    const events = await hub.sql<{ kind: string; actor_id: string; data: Record<string, string> }[]>`
      select kind, actor_id, data from audit_events where subject_id = ${String(body["id"])} order by seq`;
    expect(events.map(({ kind, actor_id }) => [kind, actor_id]).slice(0, 2)).toEqual([
      ["ticket.submitted", asker.id],
      ["ticket.decided", boss.id],
    ]);
    for (const { data } of events.slice(0, 2)) expect(data).toMatchObject({ via: "behalf", key: expect.stringMatching(/^key_/) });
  });

  test("nobody decides by it who may not: the requester, the key's own person, a stranger to the request, a key for something else", async () => {
    const { body } = await openFor(asker.username);
    expect(code(await decideFor(body["id"], asker.email))).toBe("403 own-request");
    const outsider = await newPerson("outsider");
    expect(code(await decideFor(body["id"], outsider.email))).toMatch(/403 forbidden|404/);
    expect(code(await decideFor(body["id"], "nobody@example.org"))).toBe("404 not-found");
    expect(code(await decideFor(body["id"], boss.email, giver))).toBe("403 key-scope");
    const owner = await newPerson("owner", "admin");
    const theirs = await keyFor(owner.client, "tickets.on-behalf");
    const own = await owner.client.mutate<{ id: string }>("tickets.open", { title: "mine", reason: "mine", asked: wish() });
    expect(code(await decideFor(own.id, boss.email, theirs))).toBe("403 own-request");
    expect([await stateOf(body["id"]), await stateOf(own.id)]).toEqual(["pending", "pending"]);
    await admin.mutate("people.setRole", { id: owner.id, role: "user" });
    expect(code(await decideFor(body["id"], boss.email, theirs))).toBe("403 forbidden");
  });
});

describe("at once", () => {
  test("a person has servers when it answers, with accounts of the kind that was said, until the time is over", async () => {
    const given = await rest(giver, "/access/servers-at-once", gift({ assets: ["192.0.2.7"] }));
    expect(given).toMatchObject({ status: 201, body: { accounts: ["deploy"], assets: [{ id: assetId }] } });
    const reach = () => asker.client.query<{ items: { id: string }[] }>("assets.list", {});
    expect((await reach()).items.map(({ id }) => id)).toEqual([assetId]);
    expect(await rest(giver, "/access/servers-at-once", gift({ account: "privileged" }))).toMatchObject({
      body: { accounts: ["root"] },
    });
    clock.advance(61 * 60_000);
    expect((await reach()).items).toEqual([]);
    const [event] =
      await hub.sql`select data from audit_events where kind = 'ticket.given-at-once' and subject_id = ${String(given.body["id"])}`;
    expect(event?.["data"]).toMatchObject({ user: "asker", assets: "web-1", reference: "INC-2", via: "key" });
  });

  test("not for whose key it is, nor with another key or a browser, nor of what is not there, nor faster than a person could mean", async () => {
    const me = (await admin.query<{ me: { email: string } }>("auth.state")).me;
    expect(code(await rest(giver, "/access/servers-at-once", gift({ user: me.email })))).toBe("403 own-request");
    expect(code(await rest(desk, "/access/servers-at-once", gift()))).toBe("403 key-scope");
    expect(await admin.refusal(admin.mutate("ticketDesk.giveServers", gift()))).toBe("key-scope");
    expect(code(await rest(giver, "/access/servers-at-once", gift({ assets: ["nowhere"] })))).toBe("409 conflict");
    clock.advance(61_000);
    const answers = [];
    for (let n = 0; n < 61; n++) answers.push(code(await rest(giver, "/access/servers-at-once", gift())));
    expect([new Set(answers.slice(0, 60)), answers[60]]).toEqual([new Set(["201"]), "429 rate-limited"]);
    clock.advance(61_000);
  });
});

describe.skipIf(missingMariadb !== null)(`databases at once ${missingMariadb ?? ""}`, () => {
  let mariadb: DatabaseServer;
  let serverId: string;

  beforeAll(async () => {
    mariadb = await startMariadb();
    mariadb.asRoot(`create database shop; create table shop.orders (id int primary key); create table shop.people (id int primary key);
      create table shop.prices (id int primary key); insert into shop.orders values (1); create database stock; create table stock.parts (id int);`);
    const { id: agentId } = await hub.enrolAgent({ connects: true });
    const [agent] = await hub.sql`select zone_id from agents where id = ${agentId}`;
    const { port, privileged } = mariadb;
    const at = { zoneId: String(agent?.["zone_id"]), address: "127.0.0.1" };
    await admin.mutate("assets.create", { name: "db-host", platform: "linux", ...at });
    const protocols = [{ name: "mariadb", port }];
    serverId = (await admin.mutate<{ id: string }>("assets.create", { name: "db-1", platform: "mariadb", ...at, protocols })).id;
    const secret = { kind: "password", password: privileged.password };
    await admin.mutate("accounts.create", { assetId: serverId, username: privileged.username, privileged: true, secret });
  }, 120_000);
  afterAll(async () => {
    await mariadb?.[Symbol.asyncDispose]();
  });

  const give = (more: object = {}, key = giver) =>
    rest(key, "/access/databases-at-once", {
      user: asker.email,
      asset: "db-1",
      places: [{ database: "shop", tables: ["orders", "people"] }],
      access: "read",
      minutes: 60,
      reason: "INC-3",
      reference: "INC-3",
      ...more,
    });
  const standing = (ticketId: unknown, state: string) =>
    eventually(
      async () => {
        const answer = await fetch(`${hub.url}/api/v1/tickets/${String(ticketId)}/database-account`, {
          headers: { authorization: `Bearer ${giver}` },
        });
        return (await answer.json()) as { account: { state: string } | null };
      },
      ({ account }) => account?.state === state,
      { what: `the account to be ${state}` },
    );
  const loginOf = ({ client }: Person, ticketId: unknown) =>
    client.mutate<{ username: string; password: string }>("databases.password", { id: ticketId });

  test("a person has an account that reads the tables that were named, and nothing else, until the time is over", async () => {
    const reader = await newPerson("reader");
    const { status, body } = await give({ user: reader.email, asset: "127.0.0.1" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ account: expect.stringMatching(/^jump_db_reader.*_r$/), asset: { id: serverId, name: "db-1" } });
    await standing(body["id"], "ready");
    const login = await loginOf(reader, body["id"]);
    expect(mariadb.as(login, "select id from shop.orders; select id from shop.people")).toEqual({ ok: true, text: "1" });
    for (const statement of ["select * from shop.prices", "insert into shop.orders values (2)", "select * from stock.parts"])
      expect(mariadb.as(login, statement), statement).toMatchObject({ ok: false, text: expect.stringContaining("denied") });
    clock.advance(61 * 60_000);
    await standing(body["id"], "ended");
    await eventually(
      () => mariadb.asRoot("select user from mysql.user where user like 'jump_db_%'").trim(),
      (accounts) => accounts === "",
      { what: "the account to be gone" },
    );
    const [event] =
      await hub.sql`select data from audit_events where kind = 'ticket.given-at-once' and subject_id = ${String(body["id"])}`;
    expect(event?.["data"]).toMatchObject({ user: "reader", assets: "db-1", account: "read", reference: "INC-3", via: "key" });
  });

  test("one for writing has all tables of a database where none was named, and ends when the other system ends it", async () => {
    const writer = await newPerson("writer");
    const { body } = await give({ user: writer.username, places: [{ database: "stock" }], access: "write" });
    expect(body).toMatchObject({ account: expect.stringMatching(/^jump_db_writer.*_w$/) });
    await standing(body["id"], "ready");
    const login = await loginOf(writer, body["id"]);
    expect(mariadb.as(login, "insert into stock.parts values (7); select id from stock.parts; delete from stock.parts")).toEqual({
      ok: true,
      text: "7",
    });
    for (const statement of ["drop table stock.parts", "select * from shop.orders"])
      expect(mariadb.as(login, statement), statement).toMatchObject({ ok: false, text: expect.stringContaining("denied") });
    expect(code(await rest(giver, `/tickets/${String(body["id"])}/end`, { reason: "closed there" }))).toBe("200");
    await eventually(
      () => mariadb.as(login, "select 1").ok,
      (isLetIn) => !isLetIn,
      { what: "the account to be gone" },
    );
  });

  test("not for whose key it is, nor with another key, nor of what is no database, the server's own, or more than one request holds", async () => {
    const wants = () => hub.sql<{ id: string }[]>`select grant_id as id from database_wants order by grant_id`;
    const before = await wants();
    const me = (await admin.query<{ me: { email: string } }>("auth.state")).me;
    expect(code(await give({ user: me.email }))).toBe("403 own-request");
    expect(code(await give({}, desk))).toBe("403 key-scope");
    for (const asset of ["nowhere", "db-host"]) expect(code(await give({ asset }))).toBe("409 conflict");
    expect(code(await give({ places: [{ database: "mysql", tables: ["user"] }] }))).toBe("400 bad-input");
    expect(code(await give({ places: [{ database: "shop", schema: "public" }] }))).toBe("400 bad-input");
    const tables = Array.from({ length: 51 }, (_, n) => `t${n}`);
    const places = ["shop", "stock"].map((database) => ({ database, tables }));
    expect(code(await give({ places }))).toBe("400 bad-input");
    expect(await wants()).toEqual(before);
  });
});

describe("Idempotency-Key", () => {
  test("the same call is done once, also of ten at the same moment; another call with the key is refused", async () => {
    const calls = await Promise.all(Array.from({ length: 10 }, () => openFor(asker.email, "once-1")));
    const done = calls.filter(({ status }) => status === 201);
    expect(new Set(done.map(({ body }) => body["id"])).size).toBe(1);
    for (const refused of calls.filter(({ status }) => status !== 201)) expect(code(refused)).toBe("409 once-running");
    expect((await openFor(asker.email, "once-1")).body).toEqual(done[0]?.body);
    expect(code(await openFor(boss.email, "once-1"))).toBe("422 once-mismatch");
    const other = await keyFor(await hub.as("admin", "second"), "tickets.on-behalf");
    const theirs = await rest(
      other,
      "/tickets/on-behalf",
      { requester: asker.email, title: "t", reason: "r", asked: wish() },
      "once-1",
    );
    expect(theirs.status).toBe(201);
    expect(theirs.body["id"]).not.toBe(done[0]?.body["id"]);
    clock.advance(24 * 3_600_000 + 60_000);
    expect((await openFor(asker.email, "once-1")).body["id"]).not.toBe(done[0]?.body["id"]);
  });

  test("what was refused was not done, and may be sent again", async () => {
    expect(code(await openFor("nobody@example.org", "once-2"))).toBe("404 not-found");
    expect(code(await openFor(asker.email, "once-2"))).toBe("201");
  });
});

test("every step of a ticket goes to a program, signed, in order, and again when it did not answer", {
  timeout: 120_000,
}, async () => {
  const fresh = await hub.as("admin", "hooks");
  const channel = {
    name: "their desk",
    kind: "webhook",
    active: true,
    language: "en",
    kinds: ["ticket.changed"],
    allowsInside: true,
  };
  await fresh.mutate("notices.createChannel", { ...channel, url: `${robots.url}/webhook`, secret: robotSecrets.webhook });
  robots.answers.push({ status: 503 });
  const { body } = await openFor(asker.email);
  await decideFor(body["id"], boss.email);
  await rest(desk, `/tickets/${String(body["id"])}/end`, {});
  const heard = () =>
    robots.received.map(({ body: text, headers }) => ({
      event: JSON.parse(text),
      id: String(headers["webhook-id"]),
      headers,
      text,
    }));
  await eventually(heard, (all) => all.length > 0, { what: "the first try" });
  const later = async () => {
    // What was not answered is tried again after a pause: as soon as one is begun, it is over.
    const [pace] = await hub.sql<{ until: Date | null }[]>`select max(paused_until) as until from notice_paces`;
    clock.advance(Math.max(0, (pace?.until?.getTime() ?? 0) - clock.now().getTime() + 1));
    return heard();
  };
  const all = await eventually(
    later,
    (events) => events.some(({ event: { data } }) => data.ticketId === body["id"] && data.state === "ended"),
    { what: "all steps", withinMs: 90_000 },
  );
  expect(all[0]?.id).toBe(all[1]?.id); // the one that was answered 503
  const hook = new Webhook(robotSecrets.webhook);
  for (const { id, text, headers } of all) {
    const sentAt = new Date(Number(headers["webhook-timestamp"]) * 1_000);
    expect(headers["webhook-signature"]).toBe(hook.sign(id, sentAt, text));
  }
  // Steps of the tests before may still come.
  const events = all.slice(1).flatMap(({ event }) => (event.data.ticketId === body["id"] ? [event.data] : []));
  expect(events.map(({ change, state }) => [change, state])).toEqual([
    ["ticket.submitted", "pending"],
    ["ticket.decided", "pending"],
    ["ticket.approved", "approved"],
    ["ticket.ended", "ended"],
  ]);
  const order = events.map(({ sequence }) => sequence);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

describe("a stranger's program", () => {
  const program = `
import { Api } from "./client.ts";
const [url, key, user] = process.argv.slice(2);
const api = new Api({ baseUrl: url + "/api/v1", securityWorker: () => ({ headers: { authorization: "Bearer " + key } }) });
const given = await api.access.ticketDeskGiveServers(
  { user: user ?? "", assets: ["web-1"], account: "normal", minutes: 30, reason: "generated" },
  { headers: { "Idempotency-Key": "stranger" } },
);
const ticket = await api.tickets.ticketsGet(given.data.id);
const refused = await api.tickets.ticketsGet("tkt_nobodys").catch((answer: { error: { code: string } }) => answer.error.code);
console.log(JSON.stringify({ state: ticket.data.state, origin: ticket.data.origin, asset: ticket.data.assets[0]?.name, refused }));
`;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-stranger-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("with types generated from the OpenAPI document compiles strictly and works", { timeout: 120_000 }, async () => {
    const spec = await (await fetch(`${hub.url}/api/v1/openapi.json`)).json();
    const { files } = await generateApi({
      spec,
      output: false,
      httpClientType: "fetch",
      silent: true,
      extractRequestParams: false,
    });
    writeFileSync(path.join(folder, "client.ts"), files[0]?.fileContent ?? "");
    writeFileSync(path.join(folder, "program.ts"), program);
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const modules = path.resolve(import.meta.dirname, "../../../node_modules");
    symlinkSync(modules, path.join(folder, "node_modules"));
    const run = promisify(execFile);
    const options = [
      "--strict",
      "--target",
      "es2023",
      "--module",
      "nodenext",
      "--rewriteRelativeImportExtensions",
      "--types",
      "node",
    ];
    await run(process.execPath, [path.join(modules, "typescript/bin/tsc"), ...options, "program.ts"], { cwd: folder }).catch(
      (error: { stdout: string }) => expect.fail(error.stdout),
    );
    clock.advance(61_000);
    const { stdout } = await run(process.execPath, ["program.js", hub.url, giver, asker.email], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({ state: "approved", origin: "at-once", asset: "web-1", refused: "not-found" });
  });
});

// Accounts on databases that requests give: what was approved and nothing else, on real servers, as the real clients see it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { type DatabaseServer, missingMariadb, startMariadb } from "../testing/mariadb-server.ts";
import { missingPostgresql, startPostgresql } from "../testing/postgresql-server.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import type { Place } from "./input.ts";

type Account = { state: string; username: string; failure: string | null; missing: Place[] };
type Person = { client: TestClient; id: string };

const missing = [missingMariadb, missingPostgresql].filter((each) => each !== null).join("; ");
const minute = 60_000;

let hub: TestHub;
let clock: TestClock;
let admin: TestClient;
let zoneId: string;
let boss: Person;
let mariadb: DatabaseServer;
let postgresql: DatabaseServer;
/** What each test looks at is its own: a person, on one of two servers. */
let onMariadb: string;
let onPostgresql: string;

beforeAll(async () => {
  if (missing !== "") return;
  clock = new TestClock();
  [hub, mariadb, postgresql] = await Promise.all([TestHub.start({}, { clock }), startMariadb(), startPostgresql()]);
  admin = await hub.asAdmin();
  await hub.enrolAgent({ connects: true });
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  boss = await newPerson("boss");
  mariadb.asRoot(`create database shop; create table shop.orders (id int primary key); create table shop.people (id int primary key);
    insert into shop.orders values (1), (2); create database shop_1; create database shopX1; create table shopX1.secret (id int);
    create table shop_1.open (id int); create view shop.seen as select * from shop.orders;`);
  postgresql.asRoot("create database shop");
  postgresql.asRoot(
    `create schema sales; create table sales.orders (id serial primary key, note text); create table sales.people (id int);
     insert into sales.orders (note) values ('one'), ('two'); create schema secret; create table secret.plans (id int);`,
    "shop",
  );
  [onMariadb, onPostgresql] = [await newServer(mariadb, "mariadb"), await newServer(postgresql, "postgresql")];
  await admin.mutate("tickets.createFlow", {
    name: "databases",
    match: { kinds: ["database"], targets: [{ kind: "all", id: "" }] },
    levels: [{ approvers: [{ kind: "user", id: boss.id }], need: { kind: "any" } }],
  });
}, 120_000);
afterAll(async () => {
  if (missing !== "") return;
  await hub[Symbol.asyncDispose]();
  await Promise.all([mariadb[Symbol.asyncDispose](), postgresql[Symbol.asyncDispose]()]);
});

async function newPerson(name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id };
}

let made = 0;
async function newServer({ port, privileged }: DatabaseServer, platform: "mariadb" | "postgresql", login = privileged) {
  made += 1;
  const { id } = await admin.mutate<{ id: string }>("assets.create", {
    name: `${platform} ${made}`,
    zoneId,
    platform,
    address: "127.0.0.1",
    protocols: [{ name: platform, port }],
  });
  await admin.mutate("accounts.create", {
    assetId: id,
    username: login.username,
    privileged: true,
    secret: { kind: "password", password: login.password },
  });
  return id;
}

const place = (database: string, table: string | null, privileges: string[] = ["select"], schema: string | null = null) => ({
  database,
  schema,
  table,
  privileges,
});
const wish = (assetId: string, places: object[], more: object = {}) => ({
  kind: "database",
  assetId,
  places,
  minutes: 60,
  ...more,
});
const ask = async (by: Person, assetId: string, places: object[], more: object = {}) =>
  (
    await by.client.mutate<{ id: string }>("tickets.open", {
      title: "a look",
      reason: "to see",
      asked: wish(assetId, places, more),
    })
  ).id;
const approve = (id: string, more: object = {}) => boss.client.mutate("tickets.decide", { id, decision: "approve", ...more });
const read = async (by: Person, id: string) =>
  (await by.client.query<{ account: Account | null }>("databases.ofTicket", { id })).account;
const standing = (by: Person, id: string, state: string) =>
  eventually(
    () => read(by, id),
    (account) => account?.state === state,
    { what: `the account to be ${state}` },
  );
async function given(by: Person, assetId: string, places: object[], more: object = {}) {
  const id = await ask(by, assetId, places, more);
  await approve(id);
  await standing(by, id, "ready");
  return { id, login: await by.client.mutate<{ username: string; password: string }>("databases.password", { id }) };
}
const isGone = (server: DatabaseServer, username: string) =>
  eventually(
    () =>
      server === mariadb
        ? server.asRoot(`select user from mysql.user where user = '${username}'`)
        : server.asRoot(`select rolname from pg_roles where rolname = '${username}'`),
    (found) => found.trim() === "",
    { what: `${username} to be gone` },
  );
const kindsOf = async (username: string) =>
  (await hub.sql<{ kind: string }[]>`select kind from audit_events where subject_name = ${username} order by seq`).map(
    ({ kind }) => kind,
  );

describe.skipIf(missing !== "")(`an account on MariaDB${missing}`, () => {
  test("may do what was approved, and is refused everything else by the server, until its time is over", async () => {
    const anna = await newPerson("anna");
    const id = await ask(anna, onMariadb, [place("shop", "orders"), place("shop", "people")]);
    await approve(id, { narrowed: wish(onMariadb, [place("shop", "orders")], { startsAt: null }) });
    expect((await standing(anna, id, "ready"))?.username).toMatch(/^jump_db_anna.*_r$/);
    const login = await anna.client.mutate<{ username: string; password: string }>("databases.password", { id });
    expect(mariadb.as(login, "select id from shop.orders order by id")).toEqual({ ok: true, text: "1\n2" });
    for (const refused of [
      "select * from shop.people",
      "select * from shop.seen",
      "insert into shop.orders values (3)",
      "delete from shop.orders",
      "drop table shop.orders",
      "select * from shop_1.open",
      "select user from mysql.user",
      "create database mine",
    ])
      expect(mariadb.as(login, refused), refused).toMatchObject({ ok: false, text: expect.stringMatching(/denied/) });
    clock.advance(60 * minute + 1_000);
    await isGone(mariadb, login.username);
    await standing(anna, id, "ended");
    expect(mariadb.as(login, "select 1").ok).toBe(false);
    expect(await kindsOf(login.username)).toEqual([
      "database-account.made",
      "database-account.password-shown",
      "database-account.dropped",
    ]);
  });

  test("holds what all of somebody's requests give together, and less when one of them ends", async () => {
    const bert = await newPerson("bert");
    const one = await given(bert, onMariadb, [place("shop", "orders")]);
    const other = await given(bert, onMariadb, [place("shop_1", null)]);
    expect(other.login).toEqual(one.login);
    expect(mariadb.as(one.login, "select * from shop.orders; select * from shop_1.open").ok).toBe(true);
    // An underscore in a GRANT would be any letter.
    expect(mariadb.as(one.login, "select * from shopX1.secret").ok).toBe(false);
    const write = await given(bert, onMariadb, [place("shop", "people", ["select", "insert"])]);
    expect(write.login.username).toBe(one.login.username.replace(/_r$/, "_w"));
    expect(mariadb.as(write.login, "insert into shop.people values (7)").ok).toBe(true);
    await bert.client.mutate("tickets.end", { id: one.id });
    await eventually(
      () => mariadb.as(one.login, "select * from shop.orders").ok,
      (ok) => !ok,
    );
    expect(mariadb.as(one.login, "select * from shop_1.open").ok).toBe(true);
    await bert.client.mutate("tickets.end", { id: other.id });
    await isGone(mariadb, one.login.username);
    expect(mariadb.as(write.login, "select * from shop.people").ok).toBe(true);
  });
});

describe.skipIf(missing !== "")(`an account on PostgreSQL${missing}`, () => {
  test("may do what was approved, and is refused everything else by the server, until it is given back", async () => {
    const carl = await newPerson("carl");
    const { id, login } = await given(carl, onPostgresql, [place("shop", "orders", ["select", "insert"], "sales")]);
    expect(login.username).toMatch(/_w$/);
    expect(
      postgresql.as(login, "insert into sales.orders (note) values ('three'); select count(*) from sales.orders", "shop"),
    ).toEqual({
      ok: true,
      text: "3",
    });
    for (const refused of [
      "select * from sales.people",
      "select * from secret.plans",
      "update sales.orders set note = ''",
      "drop table sales.orders",
      "create role other",
      "create schema mine",
    ])
      expect(postgresql.as(login, refused, "shop"), refused).toMatchObject({
        ok: false,
        text: expect.stringMatching(/denied|owner/),
      });
    await carl.client.mutate("tickets.end", { id });
    await isGone(postgresql, login.username);
  });

  test("of a whole schema reads tables that are made later, once it was looked at again", async () => {
    const dora = await newPerson("dora");
    const { id, login } = await given(dora, onPostgresql, [place("shop", null, ["select"], "sales")]);
    postgresql.asRoot("create table sales.later (id int)", "shop");
    clock.advance(11 * minute);
    await eventually(
      () => postgresql.as(login, "select * from sales.later", "shop").ok,
      (ok) => ok,
    );
    expect(await kindsOf(login.username)).not.toContain("database-account.drifted");
    await dora.client.mutate("tickets.end", { id });
    await isGone(postgresql, login.username);
  });
});

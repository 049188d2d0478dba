// Accounts on databases that requests give: what was approved and nothing else, on real servers, as the real clients see it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DatabaseRequests, missingDatabases, place } from "../testing/database-requests.ts";
import { eventually } from "../testing/eventually.ts";

const minute = 60_000;
let all: DatabaseRequests;

beforeAll(async () => {
  if (missingDatabases !== "") return;
  all = await DatabaseRequests.start();
  all.mariadb.asRoot(`create database shop; create table shop.orders (id int primary key); create table shop.people (id int primary key);
    insert into shop.orders values (1), (2); create database shop_1; create database shopX1; create table shopX1.secret (id int);
    create table shop_1.open (id int); create view shop.seen as select * from shop.orders;`);
  all.postgresql.asRoot("create database shop");
  all.postgresql.asRoot(
    `create schema sales; create table sales.orders (id serial primary key, note text); create table sales.people (id int);
     insert into sales.orders (note) values ('one'), ('two'); create schema secret; create table secret.plans (id int);`,
    "shop",
  );
}, 120_000);
afterAll(async () => {
  if (missingDatabases === "") await all[Symbol.asyncDispose]();
});

describe.skipIf(missingDatabases !== "")(`an account on MariaDB ${missingDatabases}`, () => {
  test("may do what was approved, and is refused everything else by the server, until its time is over", async () => {
    const { mariadb, assets } = all;
    const anna = await all.person("anna");
    const id = await all.ask(anna, assets.mariadb, [place("shop", "orders"), place("shop", "people")]);
    await all.approve(id, { narrowed: all.wish(assets.mariadb, [place("shop", "orders")], { startsAt: null }) });
    expect((await all.standing(anna, id, "ready"))?.username).toMatch(/^jump_db_anna.*_r$/);
    const login = await all.login(anna, id);
    expect(mariadb.as(login, "select id from shop.orders order by id")).toEqual({ ok: true, text: "1\n2" });
    all.expectRefused(mariadb, login, [
      "select * from shop.people",
      "select * from shop.seen",
      "insert into shop.orders values (3)",
      "delete from shop.orders",
      "drop table shop.orders",
      "select * from shop_1.open",
      "select user from mysql.user",
      "create database mine",
    ]);
    all.clock.advance(60 * minute + 1_000);
    await all.isGone(mariadb, login.username);
    await all.standing(anna, id, "ended");
    expect(mariadb.as(login, "select 1").ok).toBe(false);
    expect(await all.story(login.username)).toEqual(["made", "password-shown", "dropped"]);
  });

  test("runs the routines of the databases that were approved, and of no other", async () => {
    const { mariadb, assets } = all;
    mariadb.asRoot(`create procedure shop.cheer() select 'hurrah'; create function shop.seven() returns int return 7;
      create procedure shop_1.cheer() select 'not for everybody'; create procedure shopX1.cheer() select 'nor this';`);
    const frida = await all.person("frida");
    const ask = (one: object) => frida.client.refusal(all.ask(frida, assets.mariadb, [one]));
    expect(await ask(place("shop", "orders", ["select", "execute"]))).toBe("bad-input");
    const { id, login } = await all.given(frida, assets.mariadb, [place("shop", null, ["execute"])]);
    expect(login.username).toMatch(/_w$/);
    expect(mariadb.as(login, "call shop.cheer(); select shop.seven()")).toEqual({ ok: true, text: "hurrah\n7" });
    all.expectRefused(mariadb, login, ["select * from shop.orders", "call shop_1.cheer()", "call shopX1.cheer()"]);
    mariadb.asRoot("create procedure shop.later() select 'as well'");
    expect(mariadb.as(login, "call shop.later()").ok).toBe(true);
    await all.lookAgain(login.username);
    expect(await all.story(login.username)).toEqual(["made", "password-shown"]);
    await frida.client.mutate("tickets.end", { id });
    await all.isGone(mariadb, login.username);
  });

  test("is read by a reviewer of access as what it may do there, and not as what its grant needs", async () => {
    const { admin, assets, clock, hub } = all;
    const rita = await all.person("rita");
    await all.given(rita, assets.mariadb, [place("shop", "orders"), place("shop_1", null, ["select", "update"])]);
    const { me } = await admin.query<{ me: { id: string } }>("auth.state");
    const dueAt = new Date(clock.now().getTime() + 7 * 24 * 60 * minute).toISOString();
    const { id } = await admin.mutate<{ id: string }>("reviews.create", { name: "all", ownerId: null, reviewerId: me.id, dueAt });
    const { items } = await admin.query<{ items: { person: { id: string }; places: object[] | null }[] }>("reviews.lines", {
      id,
    });
    const ritas = items.filter(({ person }) => person.id === rita.id);
    expect(ritas.map(({ places }) => places)).toEqual([[place("shop", "orders"), place("shop_1", null, ["select", "update"])]]);
    expect(items.some(({ places }) => places === null)).toBe(true);
    const csv = await fetch(`${hub.url}/api/v1/access-reviews/${id}.csv`, { headers: admin.headers });
    expect(await csv.text()).toContain('"select on shop.orders; select, update on shop_1.*"');
  });

  test("holds what all of somebody's requests give together, and less when one of them ends", async () => {
    const { mariadb, assets } = all;
    const bert = await all.person("bert");
    const one = await all.given(bert, assets.mariadb, [place("shop", "orders")]);
    const other = await all.given(bert, assets.mariadb, [place("shop_1", null)]);
    expect(other.login).toEqual(one.login);
    expect(mariadb.as(one.login, "select * from shop.orders; select * from shop_1.open").ok).toBe(true);
    // An underscore in a GRANT would be any letter.
    expect(mariadb.as(one.login, "select * from shopX1.secret").ok).toBe(false);
    const write = await all.given(bert, assets.mariadb, [place("shop", "people", ["select", "insert"])]);
    expect(write.login.username).toBe(one.login.username.replace(/_r$/, "_w"));
    expect(mariadb.as(write.login, "insert into shop.people values (7)").ok).toBe(true);
    await bert.client.mutate("tickets.end", { id: one.id });
    await eventually(
      () => all.story(one.login.username),
      (story) => story.filter((kind) => kind === "changed").length === 2,
    );
    expect(mariadb.as(one.login, "select * from shop.orders").ok).toBe(false);
    expect(mariadb.as(one.login, "select * from shop_1.open").ok).toBe(true);
    await bert.client.mutate("tickets.end", { id: other.id });
    await all.isGone(mariadb, one.login.username);
    expect(mariadb.as(write.login, "select * from shop.people").ok).toBe(true);
  });

  test("is put right, and told of, when somebody else changes it", async () => {
    const { mariadb, assets } = all;
    const eve = await all.person("eve");
    const { login } = await all.given(eve, assets.mariadb, [place("shop", "orders")]);
    const account = `'${login.username}'@'%'`;
    mariadb.asRoot(`grant all on *.* to ${account} with grant option; grant select (id) on shop.people to ${account};
      revoke select on shop.orders from ${account}; set password for ${account} = password('stolen'); create role helper with admin ${mariadb.privileged.username};`);
    expect(mariadb.as(mariadb.privileged, `grant helper to ${account}`).ok).toBe(true);
    await all.lookAgain(login.username);
    expect(mariadb.as(login, "select id from shop.orders order by id")).toEqual({ ok: true, text: "1\n2" });
    all.expectRefused(mariadb, login, ["select id from shop.people", "select user from mysql.user", "set role helper"]);
    const [event] = await all.hub.sql<{ data: { found: string } }[]>`select data from audit_events
      where kind = 'database-account.drifted' and subject_name = ${login.username}`;
    expect(event?.data.found).toMatch(/missing: SELECT on shop\.orders/);
    expect(event?.data.found).toMatch(/added: GRANT/);
    expect(event?.data.found).toMatch(/password or lock changed/);
    expect(event?.data.found).not.toContain("IDENTIFIED");
  });
});

describe.skipIf(missingDatabases !== "")(`an account on PostgreSQL ${missingDatabases}`, () => {
  test("may do what was approved, and is refused everything else by the server, until it is given back", async () => {
    const { postgresql, assets } = all;
    const carl = await all.person("carl");
    const { id, login } = await all.given(carl, assets.postgresql, [place("shop", "orders", ["select", "insert"], "sales")]);
    expect(login.username).toMatch(/_w$/);
    const text = "insert into sales.orders (note) values ('three'); select count(*) from sales.orders";
    expect(postgresql.as(login, text, "shop")).toEqual({ ok: true, text: "3" });
    const refused = [
      "select * from sales.people",
      "select * from secret.plans",
      "update sales.orders set note = ''",
      "drop table sales.orders",
      "create role other",
      "create schema mine",
    ];
    all.expectRefused(postgresql, login, refused, "shop");
    await carl.client.mutate("tickets.end", { id });
    await all.isGone(postgresql, login.username);
  });

  test("of a whole schema reads tables that are made later, once it was looked at again", async () => {
    const { postgresql, assets } = all;
    const dora = await all.person("dora");
    const { id, login } = await all.given(dora, assets.postgresql, [place("shop", null, ["select"], "sales")]);
    postgresql.asRoot("create table sales.later (id int)", "shop");
    await all.lookAgain(login.username);
    expect(postgresql.as(login, "select * from sales.later", "shop").ok).toBe(true);
    expect(await all.story(login.username)).not.toContain("drifted");
    // What he has made there goes with him only as far as it is his account's: it stays, and is the hub's.
    postgresql.asRoot(`grant create on schema sales to ${login.username}`, "shop");
    postgresql.as(login, "create table sales.his (id int)", "shop");
    await dora.client.mutate("tickets.end", { id });
    await all.isGone(postgresql, login.username);
    expect(postgresql.asRoot("select count(*) from sales.his", "shop").trim()).toBe("0");
  });

  test("runs the routines of a schema, also those made later, and of no other schema where they are not for everybody", async () => {
    const { postgresql, assets } = all;
    const routine = (name: string) =>
      `create function ${name} returns text language sql as $$select 'done'$$; revoke execute on function ${name} from public;`;
    const routines = ["sales.count(int)", "sales.count(sales.colour)", `"it's odd"."do it"()`, "secret.tell()"];
    postgresql.asRoot(
      `create schema "it's odd"; create type sales.colour as enum ('red'); ${routines.map(routine).join(" ")}
       create procedure sales.tidy() language sql as 'select 1'; revoke execute on procedure sales.tidy() from public;`,
      "shop",
    );
    const gina = await all.person("gina");
    const { id, login } = await all.given(gina, assets.postgresql, [
      place("shop", null, ["execute"], "sales"),
      place("shop", null, ["execute"], "it's odd"),
    ]);
    expect(login.username).toMatch(/_w$/);
    const called = `select sales.count(1) || sales.count('red'::sales.colour) || "it's odd"."do it"(); call sales.tidy()`;
    expect(postgresql.as(login, called, "shop")).toEqual({ ok: true, text: "donedonedone" });
    all.expectRefused(postgresql, login, ["select secret.tell()", "select * from sales.orders"], "shop");
    postgresql.asRoot(routine("sales.later()"), "shop");
    expect(postgresql.as(login, "select sales.later()", "shop").ok).toBe(false);
    await all.lookAgain(login.username);
    expect(postgresql.as(login, "select sales.later()", "shop").ok).toBe(true);
    expect(await all.story(login.username)).not.toContain("drifted");
    postgresql.asRoot(
      `revoke execute on procedure sales.tidy() from ${login.username}; grant execute on function secret.tell() to ${login.username};`,
      "shop",
    );
    await all.lookAgain(login.username);
    expect(postgresql.as(login, "call sales.tidy()", "shop").ok).toBe(true);
    all.expectRefused(postgresql, login, ["select secret.tell()"], "shop");
    expect(await all.story(login.username)).toContain("drifted");
    await gina.client.mutate("tickets.end", { id });
    await all.isGone(postgresql, login.username);
    expect(postgresql.asRoot("select sales.count(1)", "shop").trim()).toBe("done");
  });

  test("is put right, and told of, when somebody else changes it", async () => {
    const { postgresql, assets } = all;
    const emil = await all.person("emil");
    const { login } = await all.given(emil, assets.postgresql, [place("shop", "orders", ["select"], "sales")]);
    postgresql.asRoot(
      `alter role ${login.username} createdb nologin; grant pg_read_all_data to ${login.username}; grant all on sales.people to ${login.username};
       grant select (id) on secret.plans to ${login.username}; revoke select on sales.orders from ${login.username};`,
      "shop",
    );
    await all.lookAgain(login.username);
    expect(postgresql.as(login, "select count(*) from sales.orders", "shop").ok).toBe(true);
    all.expectRefused(
      postgresql,
      login,
      ["select * from sales.people", "select id from secret.plans", "create database mine"],
      "shop",
    );
    expect(await all.story(login.username)).toContain("drifted");
  });
});

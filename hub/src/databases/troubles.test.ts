// What goes wrong with accounts on databases, and what becomes of it: a clear state, nothing given that was not approved, and an end that comes by itself.
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DatabaseRequests, missingDatabases, place } from "../testing/database-requests.ts";
import { eventually } from "../testing/eventually.ts";
import { startMariadb } from "../testing/mariadb-server.ts";

const minute = 60_000;
let all: DatabaseRequests;

beforeAll(async () => {
  if (missingDatabases !== "") return;
  all = await DatabaseRequests.start();
  all.mariadb.asRoot("create database shop; create table shop.orders (id int primary key); create table shop.people (id int);");
  all.postgresql.asRoot("create database shop");
  all.postgresql.asRoot("create schema sales; create table sales.orders (id int);", "shop");
}, 120_000);
afterAll(async () => {
  if (missingDatabases === "") await all[Symbol.asyncDispose]();
});

const odd = [
  "mysql.user",
  "a`b",
  "it's",
  'q"uote',
  "back\\slash",
  "100%",
  "under_score",
  "naïve 表",
  "semi;colon -- x",
  "z".repeat(63),
];

describe.skipIf(missingDatabases !== "")(`with names ${missingDatabases}`, () => {
  test("of any kind, what was approved is what is given, on MariaDB", async () => {
    const { mariadb, assets } = all;
    const q = (name: string) => `\`${name.replaceAll("`", "``")}\``;
    mariadb.asRoot(
      odd
        .map(
          (name) =>
            `create database ${q(name)}; create table ${q(name)}.${q(name)} (id int); create table ${q(name)}.other (id int);`,
        )
        .join("\n"),
    );
    const anna = await all.person("anna");
    const { login } = await all.given(
      anna,
      assets.mariadb,
      odd.map((name, n) => place(name, n % 2 === 0 ? name : null)),
    );
    for (const [n, name] of odd.entries()) {
      expect(mariadb.as(login, `select * from ${q(name)}.${q(name)}`), name).toMatchObject({ ok: true });
      expect(mariadb.as(login, `select * from ${q(name)}.other`).ok, name).toBe(n % 2 === 1);
    }
    // Seen again it is the same: nothing is given and taken in turn.
    all.clock.advance(11 * minute);
    const lookedAt = async () =>
      (await all.hub.sql<{ at: Date }[]>`select looked_at as at from database_accounts where username = ${login.username}`)[0]
        ?.at;
    const before = await lookedAt();
    await eventually(lookedAt, (at) => at?.getTime() !== before?.getTime());
    expect(await all.story(login.username)).toEqual(["made", "password-shown"]);
  });

  test("of any kind, what was approved is what is given, on PostgreSQL", async () => {
    const { postgresql, assets } = all;
    const q = (name: string) => `"${name.replaceAll('"', '""')}"`;
    postgresql.asRoot(
      odd
        .map(
          (name) =>
            `create schema ${q(name)}; create table ${q(name)}.${q(name)} (id int); create table ${q(name)}.other (id int);`,
        )
        .join("\n"),
      "shop",
    );
    const anna = await all.person("anna");
    const { login } = await all.given(
      anna,
      assets.postgresql,
      odd.map((name) => place("shop", name, ["select"], name)),
    );
    for (const name of odd) {
      expect(postgresql.as(login, `select * from ${q(name)}.${q(name)}`, "shop"), name).toMatchObject({ ok: true });
      expect(postgresql.as(login, `select * from ${q(name)}.other`, "shop").ok, name).toBe(false);
    }
  });

  test("that are the server's own, or no names at all, nothing can be asked for", async () => {
    const { assets } = all;
    const anna = await all.person("anna");
    const refusal = (assetId: string, one: object) => anna.client.refusal(all.ask(anna, assetId, [one]));
    for (const name of ["mysql", "MySQL", "information_schema", "performance_schema", "sys", "a\0b", "", "x".repeat(200)])
      expect(await refusal(assets.mariadb, place(name, null)), name).toBe("bad-input");
    for (const [database, schema] of [
      ["shop", "pg_catalog"],
      ["template1", "public"],
      ["shop", "information_schema"],
      ["shop", "pg_toast"],
    ])
      expect(await refusal(assets.postgresql, place(database ?? "", null, ["select"], schema ?? "")), schema).toBe("bad-input");
    expect(await refusal(assets.mariadb, place("shop", "orders", ["select"], "public"))).toBe("bad-input");
    expect(await refusal(assets.postgresql, place("shop", "orders"))).toBe("bad-input");
    const catalogue = await anna.client.query<{ items: { name: string }[] }>("databases.catalogue", { assetId: assets.mariadb });
    expect(catalogue.items.map(({ name }) => name)).toEqual(expect.arrayContaining(["shop", "mysql.user"]));
    expect(catalogue.items.some(({ name }) => ["mysql", "sys", "information_schema", "performance_schema"].includes(name))).toBe(
      false,
    );
    const tables = { assetId: assets.postgresql, database: "shop", schema: "sales", search: "ORD" };
    expect((await anna.client.query<{ items: object[] }>("databases.catalogue", tables)).items).toEqual([
      { name: "orders", kind: "table" },
    ]);
  });

  test("that would be the same for two people, or are there already, are told apart, and what is not ours is not touched", async () => {
    const { mariadb, assets, admin } = all;
    const [one, other] = [await all.person("one"), await all.person("other")];
    await admin.mutate("people.update", { id: one.id, username: "an.na" });
    await admin.mutate("people.update", { id: other.id, username: "an-na" });
    mariadb.asRoot(
      "create user 'jump_db_an_na_w'@'%' identified by 'a-stranger'; grant select on shop.people to 'jump_db_an_na_w'@'%';",
    );
    const [first, second] = [
      await all.given(one, assets.mariadb, [place("shop", "orders")]),
      await all.given(other, assets.mariadb, [place("shop", "orders")]),
    ];
    expect([first.login.username, second.login.username]).toEqual(["jump_db_an_na_r", "jump_db_an_na_2_r"]);
    const id = await all.ask(one, assets.mariadb, [place("shop", "orders", ["insert"])]);
    await all.approve(id);
    await all.failure(one, id, "name-taken");
    expect(await one.client.refusal(all.login(one, id))).toBe("conflict");
    const stranger = { username: "jump_db_an_na_w", password: "a-stranger" };
    await one.client.mutate("tickets.end", { id });
    await all.standing(one, id, "ended");
    expect(mariadb.as(stranger, "select * from shop.people").ok).toBe(true);
    expect(mariadb.as(stranger, "insert into shop.orders values (9)").ok).toBe(false);
    // His name comes back to him, and to nobody else.
    await one.client.mutate("tickets.end", { id: first.id });
    await all.isGone(mariadb, first.login.username);
    const again = await all.given(one, assets.mariadb, [place("shop", "orders")]);
    expect(again.login.username).toBe(first.login.username);
    expect(again.login.password).not.toBe(first.login.password);
  });
});

describe.skipIf(missingDatabases !== "")(`when something is not as it was ${missingDatabases}`, () => {
  test("what is gone is told, the rest is given, and it is given when it is there again", async () => {
    const { mariadb, assets } = all;
    mariadb.asRoot("create database brief; create table brief.notes (id int);");
    const anna = await all.person("anna");
    const id = await all.ask(anna, assets.mariadb, [place("brief", "notes"), place("shop", "orders")]);
    mariadb.asRoot("drop database brief");
    await all.approve(id);
    const account = await all.standing(anna, id, "ready");
    expect(account?.missing).toEqual([place("brief", "notes")]);
    const login = await all.login(anna, id);
    expect(mariadb.as(login, "select * from shop.orders").ok).toBe(true);
    mariadb.asRoot("create database brief; create table brief.notes (id int);");
    all.clock.advance(11 * minute);
    await eventually(
      () => mariadb.as(login, "select * from brief.notes").ok,
      (ok) => ok,
    );
  });

  test("the hub's own account whose password was changed is named, and the work goes on when it is set", async () => {
    const { mariadb, admin } = all;
    mariadb.asRoot(
      "create user 'hub_other'@'%' identified by 'old-password'; grant all on *.* to 'hub_other'@'%' with grant option;",
    );
    const assetId = await all.newServer(mariadb, "mariadb", { username: "hub_other", password: "wrong-password" });
    const anna = await all.person("anna");
    const id = await all.ask(anna, assetId, [place("shop", "orders")]);
    await all.approve(id);
    await all.failure(anna, id, "sign-in-failed");
    expect(await anna.client.refusal(anna.client.query("databases.catalogue", { assetId }))).toBe("sign-in-failed");
    const { items } = await admin.query<{ items: { id: string; username: string }[] }>("accounts.list", { assetId });
    const account = items.find(({ username }) => username === "hub_other")?.id;
    await all.pause(assetId);
    await admin.mutate("accounts.setSecret", { id: account, secret: { kind: "password", password: "old-password" } });
    await all.standing(anna, id, "ready");
    const bare = await all.newServer(mariadb, "mariadb", null);
    expect(await anna.client.refusal(anna.client.query("databases.catalogue", { assetId: bare }))).toBe("no-privileged-account");
  });

  test("a server that takes no changes is named, and the work goes on when it does", async () => {
    const { postgresql, assets } = all;
    const anna = await all.person("anna");
    postgresql.asRoot("alter system set default_transaction_read_only = on");
    postgresql.asRoot("select pg_reload_conf()");
    const id = await all.ask(anna, assets.postgresql, [place("shop", "orders", ["select"], "sales")]);
    await all.approve(id);
    await all.failure(anna, id, "database-read-only");
    postgresql.asRoot("set default_transaction_read_only = off; alter system reset default_transaction_read_only");
    postgresql.asRoot("select pg_reload_conf()");
    all.clock.advance(minute);
    await all.standing(anna, id, "ready");
  });

  test("a MariaDB that is read-only is named, whoever the hub is there, and the work goes on when it is not", async () => {
    const { mariadb } = all;
    mariadb.asRoot(`create user 'hub_plain'@'%' identified by 'plain-password';
      grant select, insert, update, delete, show view, create user, process, connection admin on *.* to 'hub_plain'@'%' with grant option;
      grant select, insert, update, delete on mysql.* to 'hub_plain'@'%';`);
    const plain = await all.newServer(mariadb, "mariadb", { username: "hub_plain", password: "plain-password" });
    for (const assetId of [all.assets.mariadb, plain]) {
      const anna = await all.person("anna");
      mariadb.asRoot("set global read_only = 1");
      const id = await all.ask(anna, assetId, [place("shop", "orders")]);
      await all.approve(id);
      const waiting = await all.failure(anna, id, "database-read-only");
      const username = waiting?.username ?? "";
      expect(mariadb.asRoot(`select user from mysql.user where user = '${username}'`)).toBe("");
      mariadb.asRoot("set global read_only = 0");
      all.clock.advance(minute);
      await all.standing(anna, id, "ready");
      // What stands goes on standing while it is read-only, and is dropped when it can be.
      mariadb.asRoot("set global read_only = 1");
      await all.lookAgain(username);
      expect(await all.account(anna, id)).toMatchObject({ state: "ready", failure: null });
      await anna.client.mutate("tickets.end", { id });
      if (assetId === plain)
        await eventually(
          () => all.hub.sql`select 1 from database_accounts where username = ${username} and failure = 'database-read-only'`,
          (rows) => rows.length === 1,
        );
      mariadb.asRoot("set global read_only = 0");
      all.clock.advance(minute);
      await all.isGone(mariadb, username);
    }
  });

  test("nothing is made on a replica, which goes on replicating what is made where it copies from", async () => {
    await using primary = await startMariadb({ settings: ["--log-bin=binlog", "--server-id=1"] });
    await using replica = await startMariadb({ settings: ["--server-id=2", "--read-only=1"] });
    const [file, position] = primary.asRoot("show master status").split("\t");
    primary.asRoot("create user 'copy'@'%' identified by 'copied'; grant replication slave on *.* to 'copy'@'%';");
    replica.asRoot(`change master to master_host='127.0.0.1', master_port=${primary.port}, master_user='copy', master_password='copied',
      master_log_file='${file}', master_log_pos=${position}; start slave;`);
    primary.asRoot("create database shop; create table shop.orders (id int);");
    const anna = await all.person("anna");
    const onReplica = await all.ask(anna, await all.newServer(replica, "mariadb"), [place("shop", "orders")]);
    await all.approve(onReplica);
    await all.failure(anna, onReplica, "database-read-only");
    const { login } = await all.given(anna, await all.newServer(primary, "mariadb"), [place("shop", "orders")]);
    await eventually(
      () => replica.as(login, "select count(*) from shop.orders"),
      (said) => said.text === "0",
      { what: "the account to be copied" },
    );
    all.clock.advance(minute);
    await eventually(
      () =>
        all.hub.sql<
          { attempts: number }[]
        >`select attempts from database_accounts where failure = 'database-read-only' and ended_at is null`,
      ([row]) => (row?.attempts ?? 0) > 1,
    );
    expect((await all.account(anna, onReplica))?.failure).toBe("database-read-only");
    expect(replica.asRoot("show slave status")).toContain("Slave has read all relay log");
    await anna.client.mutate("tickets.end", { id: onReplica });
  });

  test.each([false, true])(
    "an agent that links ends the wait for it, however long the pause was; the hub was restarted in between: %s",
    { retry: 2 },
    async (restarted) => {
      const { mariadb, assets } = all;
      const anna = await all.person("anna");
      all.agent.cut();
      const id = await all.ask(anna, assets.mariadb, [place("shop", "orders")]);
      await all.approve(id);
      const waits = async () =>
        (
          await all.hub.sql<{ attempts: number; username: string; left: number }[]>`select attempts, username,
            extract(epoch from due_at - looked_at)::int as left from database_accounts where ended_at is null and failure = 'agent-offline'`
        )[0];
      for (const attempts of [1, 2, 3]) {
        await eventually(waits, (row) => row?.attempts === attempts, { what: `${attempts} looks` });
        if (attempts < 3) all.clock.advance(minute / 3);
      }
      expect((await waits())?.left).toBeGreaterThanOrEqual(60);
      if (restarted) await all.hub.restart();
      const username = (await waits())?.username ?? "";
      await all.agent.link();
      const began = performance.now();
      await eventually(
        () => mariadb.asRoot(`select user from mysql.user where user = '${username}'`).trim(),
        (user) => user === username,
      );
      expect(performance.now() - began).toBeLessThan(2_000);
      await all.standing(anna, id, "ready");
      await anna.client.mutate("tickets.end", { id });
      await all.isGone(mariadb, username);
    },
  );

  test("an agent whose link comes and goes does not hurry what waits more than every few seconds", async () => {
    const anna = await all.person("anna");
    const nobodyThere = await all.newServer({ port: 1, privileged: all.mariadb.privileged }, "mariadb");
    const id = await all.ask(anna, nobodyThere, [place("shop", "orders")]);
    await all.approve(id);
    const looks = async () =>
      (await all.hub.sql<{ attempts: number }[]>`select attempts from database_accounts where asset_id = ${nobodyThere}`)[0]
        ?.attempts ?? 0;
    await eventually(looks, (attempts) => attempts === 1);
    all.clock.advance(6_000);
    await eventually(looks, (attempts) => attempts === 2);
    const began = performance.now();
    while (performance.now() - began < 4_000) {
      all.agent.cut();
      await all.agent.link();
    }
    // By its links twice at most: for the first, and for one after five seconds.
    expect(await looks()).toBeLessThanOrEqual(4);
    await anna.client.mutate("tickets.end", { id });
  });

  test("nothing is approved by itself but what the rule names", async () => {
    const { mariadb, admin } = all;
    const assetId = await all.newServer(mariadb, "mariadb");
    await admin.mutate("tickets.createFlow", {
      name: "reading for a while",
      position: 0,
      match: { kinds: ["database"], targets: [{ kind: "asset", id: assetId }], privileged: null },
      levels: [{ approvers: [{ kind: "user", id: all.boss.id }], need: { kind: "any" } }],
      auto: { minutesMax: 240, actions: ["connect"] },
    });
    await admin.mutate("tickets.changeFlow", await generalFlowLast());
    const anna = await all.person("anna");
    const stateOf = async (id: string) => (await anna.client.query<{ state: string }>("tickets.get", { id })).state;
    expect(await stateOf(await all.ask(anna, assetId, [place("shop", "orders")], { minutes: 240 }))).toBe("approved");
    expect(await stateOf(await all.ask(anna, assetId, [place("shop", "orders")], { minutes: 241 }))).toBe("pending");
    expect(await stateOf(await all.ask(anna, assetId, [place("shop", "orders", ["select", "delete"])], { minutes: 30 }))).toBe(
      "pending",
    );
  });

  test("whoever may not sign in any more has no account any more, also after a restart of the hub", async () => {
    const { postgresql, assets, admin } = all;
    const anna = await all.person("anna");
    const { login } = await all.given(anna, assets.postgresql, [place("shop", "orders", ["select"], "sales")]);
    all.agent.cut();
    await admin.mutate("people.disable", { id: anna.id });
    await all.hub.restart();
    expect(postgresql.as(login, "select * from sales.orders", "shop").ok).toBe(true);
    await all.agent.link();
    all.clock.advance(20 * minute);
    await all.isGone(postgresql, login.username);
  });

  test.each(["mariadb", "postgresql"] as const)(
    "cut off after any step on %s, it is finished or undone by itself",
    async (kind) => {
      const server = all[kind];
      await using cutter = await cuttingProxy(server.port);
      const assetId = await all.newServer({ port: cutter.port, privileged: server.privileged }, kind);
      const [anna, one] = [
        await all.person("anna"),
        kind === "mariadb" ? place("shop", "orders") : place("shop", "orders", ["select"], "sales"),
      ];
      // Each round is cut further on; later ones are cut while the account is dropped.
      for (const round of [0, 2, 4]) {
        cutter.allow(3 + round * 7);
        const id = await all.ask(anna, assetId, [one]);
        await all.approve(id);
        await eventually(
          () => all.account(anna, id),
          (account) => account?.state === "ready" || account?.failure !== null,
        );
        if (round === 2) {
          await all.hub.restart();
          await all.agent.link();
        }
        cutter.allow(Number.POSITIVE_INFINITY);
        all.clock.advance(16 * minute);
        await all.standing(anna, id, "ready");
        const username = (await all.account(anna, id))?.username ?? "";
        expect(server.asRoot(kind === "mariadb" ? `show grants for '${username}'@'%'` : privilegesOf(username), "shop")).toMatch(
          /SELECT.*orders|orders.*SELECT/,
        );
        cutter.allow(2 + round * 5);
        await anna.client.mutate("tickets.end", { id });
        await eventually(
          async () =>
            (
              await all.hub.sql`select 1 from database_accounts where username = ${username} and asset_id = ${assetId}
          and (ended_at is not null or failure is not null)`
            ).length,
          (n) => n > 0,
        );
        cutter.allow(Number.POSITIVE_INFINITY);
        all.clock.advance(16 * minute);
        await all.isGone(server, username);
      }
    },
    120_000,
  );
});

const privilegesOf = (role: string) =>
  `select table_name, privilege_type from information_schema.role_table_grants where grantee = '${role}'`;

/** The flow for everything, looked at after the others. */
async function generalFlowLast(): Promise<object> {
  const { items } = await all.admin.query<{ items: { id: string; name: string; match: object; levels: object[] }[] }>(
    "tickets.flows",
  );
  const flow = items.find(({ name }) => name === "databases");
  return { id: flow?.id, name: "databases", position: 100, match: flow?.match, levels: flow?.levels };
}

/** Between the agent and a server: after so many pieces of what the hub says, everything is cut off. */
async function cuttingProxy(to: number) {
  let left = Number.POSITIVE_INFINITY;
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const target = net.connect(to, "127.0.0.1");
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on("data", (data) => {
      left -= 1;
      if (left >= 0) target.write(data);
      else for (const socket of open) socket.destroy();
    });
    target.on("data", (data) => client.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    allow: (pieces: number) => {
      left = pieces;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

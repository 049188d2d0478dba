// SQL terminals against real servers: what is typed runs there and nowhere else, is on record before, and what servers say cannot hurt the terminal.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../testing/eventually.ts";
import { type DatabaseServer, missingMariadb, startMariadb } from "../../testing/mariadb-server.ts";
import { missingPostgresql, startPostgresql } from "../../testing/postgresql-server.ts";
import type { TestAgent } from "../../testing/test-agent.ts";
import type { TestClient, TestTerminal } from "../../testing/test-client.ts";
import { TestHub } from "../../testing/test-hub.ts";
import { withoutSecrets } from "./hidden-secrets.ts";
import { takeStatement } from "./statements.ts";
import { blockLines, tableLines } from "./table-text.ts";

const [up, enter] = ["\u001b[A", "\r"];

let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let mariadb: DatabaseServer | null = null;
let postgresql: DatabaseServer | null = null;
beforeAll(async () => {
  // First of all: what they do while they start keeps everything else of this process waiting.
  if (missingMariadb === null) mariadb = await startMariadb();
  if (missingPostgresql === null) postgresql = await startPostgresql();
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ connects: true });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
  await postgresql?.[Symbol.asyncDispose]();
});

function present(server: DatabaseServer | null): DatabaseServer {
  if (server === null) throw new Error("a server that the test was skipped without");
  return server;
}

async function assetFor(
  server: DatabaseServer,
  platform: "mariadb" | "postgresql",
): Promise<{ assetId: string; account: string }> {
  const { items: zones } = await admin.query<{ items: { id: string }[] }>("fleet.zones");
  const { id: assetId } = await admin.mutate<{ id: string }>("assets.create", {
    name: `${platform}-1`,
    zoneId: zones[0]?.id,
    address: "127.0.0.1",
    platform,
    protocols: [{ name: platform, port: server.port }],
  });
  const { username, password } = server.privileged;
  const { id: account } = await admin.mutate<{ id: string }>("accounts.create", {
    assetId,
    username,
    secret: { kind: "password", password },
  });
  return { assetId, account };
}

/** Types a line and waits until what it brings has come. */
async function say(terminal: TestTerminal, line: string, awaited: string | RegExp): Promise<string> {
  const from = terminal.text.length;
  terminal.type(`${line}${enter}`);
  const seen = () => terminal.text.slice(from);
  await terminal.until(() => (typeof awaited === "string" ? seen().includes(awaited) : awaited.test(seen())), String(awaited));
  return seen();
}

describe.skipIf(missingMariadb !== null)("with MariaDB", () => {
  let server: DatabaseServer;
  let place: { assetId: string; account: string };
  beforeAll(async () => {
    server = present(mariadb);
    server.asRoot(
      "create database shop; create table shop.orders (id int primary key, note varchar(100)); insert into shop.orders values (1, 'first'), (2, null);",
    );
    place = await assetFor(server, "mariadb");
  });
  const open = (who: TestClient = admin, more: object = {}) =>
    who.openTerminal(place.assetId, { account: place.account, ...more });

  test("statements run as the account, over several lines; answers are tables; each is in the audit log, and all of it in the recording", async () => {
    const terminal = await open();
    await terminal.until(() => terminal.text.includes("[(none)]> "));
    expect(terminal.text).toContain("MariaDB");
    await say(terminal, "use shop;", "SQL [shop]> ");
    const seen = await say(terminal, `select id,${enter}note from orders; select 'two' as n\\G`, /n: two[\s\S]*shop\]> /);
    expect(seen).toContain("| 1  | first |");
    expect(seen).toContain("| 2  | NULL  |");
    expect(seen).toContain("2 rows (");
    expect(await say(terminal, "insert into orders values (3, 'x;y');", "changed")).toContain("1 row changed");
    expect(server.asRoot("select note from shop.orders where id = 3").trim()).toBe("x;y");
    expect(await say(terminal, "selec 1;", "Error: ")).toContain("selec 1");
    expect(await say(terminal, "\\d", "shop]> ")).toContain("orders");
    terminal.type(`${up}${up}${enter}`); // the statement with the mistake, once more
    await terminal.until(() => terminal.text.split("Error: ").length === 3, "the error once more");
    await say(terminal, "\\q", "Bye.");
    await terminal.until(() => terminal.find("ended") !== undefined);
    expect(terminal.find("ended")).toMatchObject({ reason: "exit", exitCode: 0 });
    const rows = await hub.sql<{ statement: string }[]>`
      select data->>'statement' as statement from audit_events where kind = 'sql.statement' and subject_id = ${terminal.sessionId} order by seq`;
    expect(rows.map(({ statement }) => statement)).toEqual([
      "use `shop`",
      "select id,\nnote from orders",
      "select 'two' as n",
      "insert into orders values (3, 'x;y')",
      "selec 1",
      "show full tables",
      "selec 1",
    ]);
    const recording = await fetch(`${hub.url}/api/v1/sessions/${terminal.sessionId}/recording.cast`, { headers: admin.headers });
    expect(await recording.text()).toContain("| 1  | first |");
  });

  test("a statement that takes long is cancelled by Ctrl-C on the server, and the terminal goes on", async () => {
    const terminal = await open();
    await terminal.until(() => terminal.text.includes("> "));
    terminal.type(`select sleep(50);${enter}`);
    const running = () =>
      server.asRoot("select count(*) from information_schema.processlist where info like 'select sleep%'").trim();
    await eventually(
      async () => running(),
      (count) => count === "1",
      { what: "the statement to run" },
    );
    terminal.type("\u0003");
    await terminal.until(() => /Cancelled|1 row \(/.test(terminal.text), "the cancellation");
    expect(running()).toBe("0");
    await say(terminal, "select 40 + 2;", "| 42");
    terminal.control({ type: "end" });
    await terminal.until(() => terminal.find("ended") !== undefined);
    await eventually(
      async () => server.asRoot("select count(*) from information_schema.processlist where user = 'hub_admin'").trim(),
      (count) => count === "0",
      { what: "the connection to end" },
    );
  });

  test("what servers send is shown and never obeyed, a page at a time, and no more than was asked for", async () => {
    server.asRoot("use shop; create table shop.many (n int); insert into shop.many select seq from seq_1_to_5000;");
    const terminal = await open(admin, { rows: 20 });
    await terminal.until(() => terminal.text.includes("> "));
    const seen = await say(terminal, "select concat('a', char(27), ']0;owned', char(7)) as x;", "1 row");
    expect(seen).toContain("\\u001b]0;owned\\u0007");
    const page = await say(terminal, "select n from shop.many;", "Enter for more");
    expect(page).toContain("-- 19 of 1006 lines");
    expect(page).not.toContain("| 30 ");
    await say(terminal, "q", "> ");
    expect(await say(terminal, "\\limit 3", "At most 3")).toContain("At most 3 rows");
    expect(await say(terminal, "select n from shop.many;", "\\limit changes")).toContain("3 rows (");
    expect(await say(terminal, "\\limit 100000", "1 to 10000")).not.toContain("At most 100000");
    terminal.control({ type: "end" });
  });

  test("who may not connect, or whose grant is withdrawn, has no terminal; answers are taken along only with the grant to download", async () => {
    const person = await hub.as("user");
    const { me } = await person.query<{ me: { id: string } }>("auth.state");
    expect((await open(person)).find("error")).toMatchObject({ code: "not-found" });
    const ssh = await hub.grant(me.id, [place.assetId], ["connect"], { protocols: ["ssh"] });
    expect((await open(person)).find("error")).toMatchObject({ code: "no-grant" });
    await admin.mutate("access.revoke", { id: ssh });
    const grantId = await hub.grant(me.id, [place.assetId], ["connect"], { protocols: ["mariadb"] });
    const terminal = await open(person);
    await say(terminal, "select 7 as lucky;", "| 7");
    expect(terminal.find("opened")).not.toHaveProperty("answers");
    const take = (who: TestClient, { sessionId }: TestTerminal) =>
      fetch(`${hub.url}/api/v1/sessions/${sessionId}/last-answer.csv`, { headers: who.headers });
    expect((await take(person, terminal)).status).toBe(403);
    await admin.mutate("access.revoke", { id: grantId });
    await terminal.until(() => terminal.find("ended") !== undefined);
    expect(terminal.find("ended")).toMatchObject({ reason: "grant-revoked" });
    await hub.grant(me.id, [place.assetId], ["connect", "download"]);
    const second = await open(person);
    expect(second.find("opened")).toMatchObject({ answers: true });
    expect((await take(person, second)).status).toBe(404);
    await say(second, "select '=1+1' as formula, null as nothing;", "1 row");
    expect(await (await take(person, second)).text()).toBe("formula,nothing\r\n'=1+1,\r\n");
    expect((await take(admin, second)).status).toBe(404); // another's
    second.control({ type: "end" });
    await second.until(() => second.find("ended") !== undefined);
    expect((await take(person, second)).status).toBe(404);
  });

  test("a window that was gone finds its terminal again; a connection that the server ends is made again", async () => {
    const terminal = await open();
    await say(terminal, "set @kept = 5; select @kept;", "| 5");
    const id = terminal.sessionId;
    const again = await admin.attach(id, null);
    await again.until(() => again.find("snapshot") !== undefined);
    expect(String(again.find("snapshot")?.["screen"])).toContain("| 5");
    server.asRoot("kill user hub_admin");
    await again.until(() => again.text.includes("was lost"), "the loss");
    const seen = await say(again, "select @kept;", "1 row");
    expect(seen).toContain("Connected again");
    expect(seen).toContain("| NULL");
    again.control({ type: "end" });
  });

  test("of many lines that are pasted none is lost, and each runs in its turn", async () => {
    server.asRoot("create table shop.pasted (n int primary key);");
    const terminal = await open();
    await terminal.until(() => terminal.text.includes("> "));
    // One statement of 2,999 lines, longer than what may wait, and one that sees what it did.
    const rows = Array.from({ length: 2_998 }, (_, n) => `(${n})`).join(`,${enter}`);
    terminal.type(`insert into shop.pasted values${enter}${rows};${enter}select count(*) as pasted from shop.pasted;${enter}`);
    await terminal.until(() => terminal.text.includes("| 2998"), "the count");
    expect(terminal.text).toContain("2998 rows changed");
    terminal.control({ type: "end" });
  });

  test("opens beside SSH where it is named, under a grant for it alone, and is found again", async () => {
    const { items: zones } = await admin.query<{ items: { id: string }[] }>("fleet.zones");
    const protocols = [
      { name: "ssh", port: 22 },
      { name: "mariadb", port: server.port },
    ];
    const fields = { name: "both-1", zoneId: zones[0]?.id, address: "127.0.0.1", platform: "linux", protocols };
    const { id: assetId } = await admin.mutate<{ id: string }>("assets.create", fields);
    const { username, password } = server.privileged;
    const secret = { kind: "password", password };
    const { id: account } = await admin.mutate<{ id: string }>("accounts.create", { assetId, username, secret });
    const person = await hub.as("user");
    const { me } = await person.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetId], ["connect", "download"], { protocols: ["mariadb"] });
    expect((await person.openTerminal(assetId, { account })).find("error")).toMatchObject({ code: "no-grant" });
    // Allowed or not, nobody comes in by a protocol that the asset does not offer.
    const absent = await admin.openTerminal(assetId, { account, protocol: "postgresql" });
    expect(absent.find("error")).toMatchObject({ code: "no-protocol" });
    const terminal = await person.openTerminal(assetId, { account, protocol: "mariadb" });
    await say(terminal, "select 6 * 7 as answer;", "| 42");
    const again = await person.attach(terminal.sessionId, null);
    await again.until(() => again.find("snapshot") !== undefined);
    const csv = await fetch(`${hub.url}/api/v1/sessions/${terminal.sessionId}/last-answer.csv`, { headers: person.headers });
    expect(await csv.text()).toBe("answer\r\n42\r\n");
    again.control({ type: "end" });
  });

  test("rules are asked about a statement before it runs: refused, confirmed, or looked at by somebody else", async () => {
    const boss = await hub.as("user", "boss");
    const { me } = await boss.query<{ me: { id: string } }>("auth.state");
    const write = (name: string, text: string, more: object) =>
      admin.mutate<{ id: string }>("rules.create", {
        rule: {
          kind: "command",
          name,
          targets: [{ kind: "asset", id: place.assetId }],
          protocols: ["mariadb"],
          patterns: [{ kind: "words", text }],
          ...more,
        },
      });
    const level = { approvers: [{ kind: "user", id: me.id }], need: { kind: "any" }, minutes: 15 };
    await write("no drops", "drop table", { outcome: "refuse", says: "Ask the DBA." });
    await write("careful", "delete from", { outcome: "warn" });
    await write("four eyes", "update", { outcome: "review", level });
    server.asRoot("create table shop.ruled (n int); insert into shop.ruled values (1)");
    const terminal = await open();
    await terminal.until(() => terminal.text.includes("[(none)]> "));
    expect(await say(terminal, `drop${enter}table shop.ruled;`, "It was not run.")).toContain('Rule "no drops". Ask the DBA.');
    expect(await say(terminal, "delete from shop.ruled;", "(y/n)")).toContain('Rule "careful"');
    await say(terminal, "n", "Given up.");
    const count = () => server.asRoot("select count(*), max(n) from shop.ruled").trim();
    expect(count()).toBe("1\t1");
    await say(terminal, "update shop.ruled set n = 2;", "It waits until boss");
    terminal.type("\u0003");
    await terminal.until(() => terminal.text.split("Given up.").length === 3, "it is given up");
    await say(terminal, "update shop.ruled set n = 3;", "It waits until boss");
    const { items } = await boss.query<{ items: { id: string; kind: string }[] }>("tickets.list", { box: "to-decide" });
    expect(items.map(({ kind }) => kind)).toEqual(["command"]);
    await boss.mutate("tickets.decide", { id: items[0]?.id, decision: "approve" });
    await terminal.until(() => terminal.text.includes("row changed"), "the change");
    expect(count()).toBe("1\t3");
    await say(terminal, "delete from shop.ruled;", "(y/n)");
    await say(terminal, "y", "row changed");
    expect(count()).toBe("0\tNULL");
    for (const { id } of (await admin.query<{ items: { id: string }[] }>("rules.list")).items)
      await admin.mutate("rules.remove", { id });
  });

  test("without the audit log nothing runs", async () => {
    const terminal = await open();
    await terminal.until(() => terminal.text.includes("> "));
    await hub.sql`alter table audit_events rename to audit_events_away`;
    try {
      await say(terminal, "create table shop.unseen (n int);", "was not run");
    } finally {
      await hub.sql`alter table audit_events_away rename to audit_events`;
    }
    expect(server.asRoot("show tables in shop like 'unseen'")).toBe("");
    terminal.control({ type: "end" });
  });

  test("an agent that links again leaves it alone", async () => {
    const terminal = await open();
    await say(terminal, "select 1;", "1 row");
    agent.cut();
    await terminal.until(() => terminal.text.includes("was lost"), "the loss");
    await agent.link();
    expect(await say(terminal, "select 2;", "| 2")).toContain("Connected again");
    expect(terminal.find("ended")).toBe(undefined);
    terminal.control({ type: "end" });
  });
});

describe.skipIf(missingPostgresql !== null)("with PostgreSQL", () => {
  let server: DatabaseServer;
  let place: { assetId: string; account: string };
  beforeAll(async () => {
    server = present(postgresql);
    server.asRoot("create database shop");
    server.asRoot(
      "create table orders (id int primary key, note text); insert into orders values (1, 'first'), (2, null);",
      "shop",
    );
    place = await assetFor(server, "postgresql");
  });

  test("begins in the database that is named, goes to another, describes tables, and keeps a transaction together", async () => {
    const terminal = await admin.openTerminal(place.assetId, { account: place.account, database: "shop" });
    await terminal.until(() => terminal.text.includes("shop> "));
    expect(
      await say(terminal, "begin; insert into orders values (3, $tag$a;b$tag$); rollback;", /Done[\s\S]*changed[\s\S]*Done/),
    ).not.toContain("Error");
    expect(await say(terminal, "select * from orders order by id;", "2 rows")).toContain("| 2  | NULL  |");
    expect(await say(terminal, "\\d orders", "rows (")).toContain("integer");
    expect(await say(terminal, "\\l", "rows (")).toContain("shop");
    await say(terminal, "\\c postgres", "postgres> ");
    expect(await say(terminal, "\\c absent", "Error")).toContain("absent");
    await say(terminal, "select 1;", "1 row");
    terminal.type(`select pg_sleep(50);${enter}`);
    await eventually(
      async () =>
        server.asRoot("select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'").trim(),
      (count) => count === "1",
      { what: "the statement to run" },
    );
    terminal.type("\u0003");
    await terminal.until(() => terminal.text.includes("Cancelled"), "the cancellation");
    terminal.type("\u0004"); // the end of input
    await terminal.until(() => terminal.find("ended") !== undefined);
  });
});

describe("a statement", () => {
  const all = (dialect: "mysql" | "postgresql", typed: string): string[] => {
    const found = takeStatement(dialect, typed);
    return found.statement === null ? [`…${found.open}`] : [found.statement.text, ...all(dialect, found.rest)];
  };
  test.each([
    ["mysql", "select ';', \"a;b\", `c;d`; select 2;", ["select ';', \"a;b\", `c;d`", "select 2", "…"]],
    ["mysql", "select 'it\\'s;'; x", ["select 'it\\'s;'", "…"]],
    [
      "mysql",
      "select 1 -- a; comment\n + 1; # another;\nselect 2;",
      ["select 1 -- a; comment\n + 1", "# another;\nselect 2", "…"],
    ],
    ["mysql", "select 1--1; x", ["select 1--1", "…"]],
    ["mysql", "select /* ; */ 1;", ["select /* ; */ 1", "…"]],
    ["mysql", "select 'open", ["…'"]],
    ["postgresql", "select 'it\\'; select 2;", ["select 'it\\'", "select 2", "…"]],
    ["postgresql", "select E'it\\'s;';", ["select E'it\\'s;'", "…"]],
    ["postgresql", "do $a$ begin; end; $a$; select 'a''b;';", ["do $a$ begin; end; $a$", "select 'a''b;'", "…"]],
    ["postgresql", "select $1; select a$b$;", ["select $1", "select a$b$", "…"]],
    ["postgresql", "select $$ open;", ["…$"]],
  ] as const)("of %s ends where the server would say so: %s", (dialect, typed, statements) => {
    expect(all(dialect, typed)).toEqual(statements);
  });

  test.each([
    ["alter user a identified by 'hunter2'", "alter user a identified by '***'"],
    ["create role a password $x$hunter2$x$ login", "create role a password '***' login"],
    ['set password for a = password("hunter2")', "set password for a = password('***')"],
    ["alter user a identified by 'hunter2", "alter user a identified by '***'"],
    ["select 'kept'", "select 'kept'"],
  ])("that may hold a password is kept without it: %s", (statement, kept) => {
    expect(withoutSecrets(statement)).toBe(kept);
  });
});

test("an answer is drawn straight, however wide its characters are, and without what a terminal would obey", () => {
  const answer = {
    columns: ["名称", "n"],
    rows: [
      ["数据库", null],
      ["a\u001b[2J\n\u202e", "x".repeat(300)],
    ],
  };
  const lines = tableLines(answer);
  expect(lines[1]).toMatch(/^\| 名称 +\| n +\|$/);
  expect(lines.join("")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(lines[4]?.length).toBeLessThan(130);
  expect(blockLines(answer)).toContain(`   n: ${"x".repeat(300)}`);
});

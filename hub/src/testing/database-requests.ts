// Everything that a test of requests for databases needs: a hub, an agent that connects, a MariaDB, a PostgreSQL, who asks and who approves.
import { expect } from "vitest";
import type { Place } from "../databases/input.ts";
import { lookAgainMs } from "../databases/look-after-account.ts";
import { eventually, TestClock } from "./eventually.ts";
import { type DatabaseServer, missingMariadb, startMariadb } from "./mariadb-server.ts";
import { missingPostgresql, startPostgresql } from "./postgresql-server.ts";
import type { TestAgent } from "./test-agent.ts";
import type { TestClient } from "./test-client.ts";
import { TestHub } from "./test-hub.ts";

export type Account = { state: string; username: string; failure: string | null; missing: Place[] };
export type Person = { client: TestClient; id: string };
export type Login = { username: string; password: string };

/** Said where tests are skipped; empty: nothing is missing. */
export const missingDatabases = [missingMariadb, missingPostgresql].filter((each) => each !== null).join("; ");

export const place = (
  database: string,
  table: string | null,
  privileges: string[] = ["select"],
  schema: string | null = null,
): object => ({ database, schema, table, privileges });

export class DatabaseRequests {
  readonly hub: TestHub;
  readonly clock: TestClock;
  readonly agent: TestAgent;
  readonly admin: TestClient;
  readonly boss: Person;
  readonly mariadb: DatabaseServer;
  readonly postgresql: DatabaseServer;
  /** The servers as assets. */
  readonly assets = { mariadb: "", postgresql: "" };
  readonly #zoneId: string;
  #made = 0;

  private constructor(
    parts: Pick<DatabaseRequests, "hub" | "clock" | "agent" | "admin" | "boss" | "mariadb" | "postgresql"> & { zoneId: string },
  ) {
    this.hub = parts.hub;
    this.clock = parts.clock;
    this.agent = parts.agent;
    this.admin = parts.admin;
    this.boss = parts.boss;
    this.mariadb = parts.mariadb;
    this.postgresql = parts.postgresql;
    this.#zoneId = parts.zoneId;
  }

  static async start(): Promise<DatabaseRequests> {
    const clock = new TestClock();
    const [hub, mariadb, postgresql] = await Promise.all([TestHub.start({}, { clock }), startMariadb(), startPostgresql()]);
    const admin = await hub.asAdmin();
    const agent = await hub.enrolAgent({ connects: true });
    const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
    const boss = await personOf(hub, "boss");
    const all = new DatabaseRequests({ hub, clock, agent, admin, boss, mariadb, postgresql, zoneId });
    all.assets.mariadb = await all.newServer(mariadb, "mariadb");
    all.assets.postgresql = await all.newServer(postgresql, "postgresql");
    await admin.mutate("tickets.createFlow", {
      name: "databases",
      match: { kinds: ["database"], targets: [{ kind: "all", id: "" }] },
      levels: [{ approvers: [{ kind: "user", id: boss.id }], need: { kind: "any" } }],
    });
    return all;
  }

  person(name: string): Promise<Person> {
    return personOf(this.hub, name);
  }

  /** An asset for a server, with the hub's own account there; null: without one. */
  async newServer(
    { port, privileged }: Pick<DatabaseServer, "port" | "privileged">,
    platform: "mariadb" | "postgresql",
    login: Login | null = privileged,
  ): Promise<string> {
    this.#made += 1;
    const { id } = await this.admin.mutate<{ id: string }>("assets.create", {
      name: `${platform} ${this.#made}`,
      zoneId: this.#zoneId,
      platform,
      address: "127.0.0.1",
      protocols: [{ name: platform, port }],
    });
    if (login !== null)
      await this.admin.mutate("accounts.create", {
        assetId: id,
        username: login.username,
        privileged: true,
        secret: { kind: "password", password: login.password },
      });
    return id;
  }

  wish(assetId: string, places: object[], more: object = {}): object {
    return { kind: "database", assetId, places, minutes: 60, ...more };
  }

  async ask(by: Person, assetId: string, places: object[], more: object = {}): Promise<string> {
    const fields = { title: "a look", reason: "to see", asked: this.wish(assetId, places, more) };
    return (await by.client.mutate<{ id: string }>("tickets.open", fields)).id;
  }

  approve(id: string, more: object = {}): Promise<unknown> {
    return this.boss.client.mutate("tickets.decide", { id, decision: "approve", ...more });
  }

  async account(by: Person, id: string): Promise<Account | null> {
    return (await by.client.query<{ account: Account | null }>("databases.ofTicket", { id })).account;
  }

  standing(by: Person, id: string, state: string): Promise<Account | null> {
    return eventually(
      () => this.account(by, id),
      (account) => account?.state === state,
      { what: `the account to be ${state}` },
    );
  }

  failure(by: Person, id: string, code: string): Promise<Account | null> {
    return eventually(
      () => this.account(by, id),
      (account) => account?.failure === code,
      { what: `the account to wait because of ${code}` },
    );
  }

  /** As after many failures in a row: the next look is an hour away. */
  async pause(assetId: string): Promise<void> {
    await this.hub.sql`update database_accounts set due_at = due_at + interval '1 hour' where asset_id = ${assetId}`;
  }

  login(by: Person, id: string): Promise<Login> {
    return by.client.mutate<Login>("databases.password", { id });
  }

  /** Asked for, approved, ready. */
  async given(by: Person, assetId: string, places: object[], more: object = {}): Promise<{ id: string; login: Login }> {
    const id = await this.ask(by, assetId, places, more);
    await this.approve(id);
    await this.standing(by, id, "ready");
    return { id, login: await this.login(by, id) };
  }

  /** It is on the server no longer, and the hub knows it. */
  async isGone(server: DatabaseServer, username: string): Promise<void> {
    await eventually(
      () => this.hub.sql`select 1 from database_accounts where username = ${username} and ended_at is null`,
      (open) => open.length === 0,
      { what: `${username} to be gone` },
    );
    const look =
      server === this.postgresql
        ? `select rolname from pg_roles where rolname = '${username}'`
        : `select user from mysql.user where user = '${username}'`;
    expect(server.asRoot(look).trim()).toBe("");
  }

  /** The time for the next look has come, and it is over. */
  async lookAgain(username: string): Promise<void> {
    const lookedAt = async () =>
      (
        await this.hub.sql<
          { at: Date }[]
        >`select max(looked_at) as at from database_accounts where username = ${username} and ended_at is null`
      )[0]?.at;
    const before = await lookedAt();
    this.clock.advance(lookAgainMs + 1_000);
    await eventually(lookedAt, (at) => at?.getTime() !== before?.getTime(), { what: `another look at ${username}` });
  }

  /** The story of an account, as the audit log has it. */
  async story(username: string): Promise<string[]> {
    const rows = await this.hub.sql<
      { kind: string }[]
    >`select kind from audit_events where subject_name = ${username} order by seq`;
    return rows.map(({ kind }) => kind.replace("database-account.", ""));
  }

  /** Each statement is refused by the server itself. */
  expectRefused(server: DatabaseServer, login: Login, statements: string[], database?: string): void {
    for (const statement of statements)
      expect(server.as(login, statement, database), statement).toMatchObject({
        ok: false,
        text: expect.stringMatching(/denied|must be owner|Invalid role/),
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await Promise.all([this.mariadb[Symbol.asyncDispose](), this.postgresql[Symbol.asyncDispose]()]);
  }
}

async function personOf(hub: TestHub, name: string): Promise<Person> {
  const client = await hub.as("user", name);
  return { client, id: (await client.query<{ me: { id: string } }>("auth.state")).me.id };
}

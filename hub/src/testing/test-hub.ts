// A real hub for tests: real PostgreSQL, real broker, real TLS, ports of its own. Ends with the block that made it.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { newId } from "@sallyport/protocol/ids";
import type { Sql } from "postgres";
import { createHub, type Hub } from "../hub.ts";
import type { Role } from "../identity/schema.ts";
import type { Clock } from "../platform/clock.ts";
import { type Config, readConfig } from "../platform/config.ts";
import { createLog, type Log } from "../platform/log.ts";
import { enrolTestAgent, type TestAgent, type TestAgentOptions } from "./test-agent.ts";
import { TestClient } from "./test-client.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

export const admin = { email: "admin@example.org", password: "correct-horse-battery" };

/** What a test may hold of a hub besides its configuration. */
export type TestHubParts = { clock?: Clock; log?: Log };

/** The password of everybody that `as` invites. */
export const person = { password: "another-long-password" };

const hubRoot = path.resolve(import.meta.dirname, "../..");

export class TestHub {
  readonly dataDir: string;
  /** The hub's own database, for what no API shows. */
  readonly sql: Sql;
  readonly databaseUrl: string;
  readonly #overrides: Partial<Config>;
  readonly #parts: TestHubParts;
  #hub: Hub | null = null;
  #ports: Hub["ports"] | null = null;
  #admin: Promise<TestClient> | null = null;
  readonly #agents: TestAgent[] = [];

  private constructor(dataDir: string, database: TestDatabase, overrides: Partial<Config>, parts: TestHubParts) {
    this.dataDir = dataDir;
    this.databaseUrl = database.url;
    this.sql = database.sql;
    this.#overrides = overrides;
    this.#parts = parts;
  }

  static async start(overrides: Partial<Config> = {}, parts: TestHubParts = {}): Promise<TestHub> {
    const database = await createTestDatabase();
    const hub = new TestHub(mkdtempSync(path.join(os.tmpdir(), "sallyport-hub-")), database, overrides, parts);
    await hub.restart();
    return hub;
  }

  get hub(): Hub {
    if (this.#hub === null) throw new Error("the test hub is stopped");
    return this.#hub;
  }

  /** http://localhost:port */
  get url(): string {
    return this.hub.url;
  }

  /** Stops the hub if it runs and starts it again on the same data and ports. */
  async restart(): Promise<void> {
    await this.stop();
    const ports = this.#ports;
    const config = readConfig(
      [
        "--port",
        String(ports?.console ?? 0),
        "--agent-port",
        String(ports?.agents ?? 0),
        "--host",
        "127.0.0.1",
        "--data",
        this.dataDir,
      ],
      {
        DATABASE_URL: this.databaseUrl,
        SALLYPORT_ADMIN_EMAIL: admin.email,
        SALLYPORT_ADMIN_PASSWORD: admin.password,
        SALLYPORT_PER_ADDRESS_MAX: "1000",
      },
    );
    this.#hub = await createHub(
      { ...config, ...this.#overrides },
      layout,
      this.#parts.log ?? createLog(process.env["SALLYPORT_TEST_LOG"] ?? "fatal"),
      this.#parts.clock === undefined ? {} : { clock: this.#parts.clock },
    );
    this.#ports = this.#hub.ports;
  }

  /** Stops the hub; `restart` brings it back on the same data and ports. */
  async stop(): Promise<void> {
    const hub = this.#hub;
    this.#hub = null;
    await hub?.close();
  }

  /** The first administrator, signed in once: sign-ins of one address are counted. */
  asAdmin(): Promise<TestClient> {
    this.#admin ??= TestClient.signIn(this.url, admin);
    return this.#admin;
  }

  /** A new person with a role of the first organisation, signed in. */
  async as(role: Role, name: string = role): Promise<TestClient> {
    const by = await this.asAdmin();
    const email = `${newId(name)}@example.org`;
    const { link } = await by.mutate<{ link: string }>("people.invite", { email, name, role });
    const token = new URL(link).searchParams.get("token") ?? "";
    return TestClient.enter(this.url, "auth.acceptInvite", { token, name, password: person.password });
  }

  /** A grant for one person on some assets: every account and protocol. Returns its id. */
  async grant(userId: string, assetIds: string[], actions: string[], more: object = {}): Promise<string> {
    const by = await this.asAdmin();
    const { id } = await by.mutate<{ id: string }>("access.grant", {
      name: `${userId} may ${actions.join(", ")}`,
      subjects: [{ kind: "user", id: userId }],
      targets: assetIds.map((assetId) => ({ kind: "asset", id: assetId })),
      accounts: ["@all"],
      actions,
      ...more,
    });
    return id;
  }

  /** An agent that speaks the real protocol, enrolled and linked. */
  async enrolAgent(options: TestAgentOptions = {}): Promise<TestAgent> {
    const by = await this.asAdmin();
    const { token } = await by.mutate<{ token: string }>("fleet.createEnrolmentToken", {});
    const agent = await enrolTestAgent(
      { url: this.url, agentPort: this.hub.ports.agents, token, dataDir: this.dataDir },
      options,
    );
    this.#agents.push(agent);
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) agent.stop();
    await this.stop();
    await this.sql.end();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Where the built programs and the migrations lie. */
export const layout = {
  consoleDir: path.join(hubRoot, "../web/out"),
  agentDist: path.join(hubRoot, "../agent/dist"),
  agentPack: path.join(hubRoot, "../agent/pack.mjs"),
  installScript: path.join(hubRoot, "../scripts/install.sh"),
  migrationsDir: path.join(hubRoot, "migrations"),
  screenWorker: pathToFileURL(path.join(hubRoot, "dist/screen-worker.js")),
  version: "0.0.0-test",
};

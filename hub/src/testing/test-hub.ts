// A real hub for tests: real PostgreSQL, real broker, real TLS, ports of its own. Ends with the block that made it.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { newId } from "@sallyport/protocol/ids";
import postgres from "postgres";
import { inject } from "vitest";
import { createHub, type Hub } from "../hub.ts";
import { type Config, readConfig } from "../platform/config.ts";
import { embeddedUser } from "../platform/embedded-postgres.ts";
import { createLog } from "../platform/log.ts";
import { enrolTestAgent, type TestAgent, type TestAgentOptions } from "./test-agent.ts";
import { TestClient } from "./test-client.ts";

export const admin = { email: "admin@example.org", password: "correct-horse-battery" };

const hubRoot = path.resolve(import.meta.dirname, "../..");

export class TestHub {
  readonly dataDir: string;
  readonly #databaseUrl: string;
  readonly #overrides: Partial<Config>;
  #hub: Hub | null = null;
  readonly #agents: TestAgent[] = [];

  private constructor(dataDir: string, databaseUrl: string, overrides: Partial<Config>) {
    this.dataDir = dataDir;
    this.#databaseUrl = databaseUrl;
    this.#overrides = overrides;
  }

  static async start(overrides: Partial<Config> = {}): Promise<TestHub> {
    const socketDir = inject("databaseSocketDir");
    const name = newId("test").replaceAll("-", "_");
    const sql = postgres({ host: socketDir, user: embeddedUser, database: "postgres", max: 1, onnotice: () => {} });
    await sql.unsafe(`create database ${name}`);
    await sql.end();
    const hub = new TestHub(
      mkdtempSync(path.join(os.tmpdir(), "sallyport-hub-")),
      `postgres:///${name}?host=${socketDir}&user=${embeddedUser}`,
      overrides,
    );
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
    const ports = this.#hub?.ports;
    await this.#hub?.close();
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
        DATABASE_URL: this.#databaseUrl,
        SALLYPORT_ADMIN_EMAIL: admin.email,
        SALLYPORT_ADMIN_PASSWORD: admin.password,
        SALLYPORT_PER_ADDRESS_MAX: "1000",
      },
    );
    this.#hub = await createHub(
      { ...config, ...this.#overrides },
      layout,
      createLog(process.env["SALLYPORT_TEST_LOG"] ?? "fatal"),
    );
  }

  /** Signed in as the first administrator. */
  async asAdmin(): Promise<TestClient> {
    return TestClient.signIn(this.url, admin);
  }

  /** A new person with a role, signed in. */
  async as(role: "admin" | "auditor" | "user", name = role): Promise<TestClient> {
    const by = await this.asAdmin();
    const email = `${newId(name)}@example.org`;
    const { link } = await by.mutate<{ link: string }>("people.invite", { email, name, role });
    const token = new URL(link).searchParams.get("token") ?? "";
    const password = "another-long-password";
    await new TestClient(this.url).mutate("auth.acceptInvite", { token, name, password });
    return TestClient.signIn(this.url, { email, password });
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
    await this.#hub?.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

const layout = {
  consoleDir: path.join(hubRoot, "../web/out"),
  agentDist: path.join(hubRoot, "../agent/dist"),
  agentPack: path.join(hubRoot, "../agent/pack.mjs"),
  installScript: path.join(hubRoot, "../scripts/install.sh"),
  migrationsDir: path.join(hubRoot, "migrations"),
  screenWorker: pathToFileURL(path.join(hubRoot, "dist/screen-worker.js")),
  version: "0.0.0-test",
};

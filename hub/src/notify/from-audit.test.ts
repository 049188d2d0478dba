// What any room puts on record and is worth telling is told: once, also by several hubs, and nothing from before.
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditEntry } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { createTestDatabase } from "../testing/test-database.ts";
import { tellFromAudit } from "./from-audit.ts";

const orgId = newId("org");
let database: OpenDatabase;
let sql: Sql;
beforeAll(async () => {
  const held = await createTestDatabase();
  sql = held.sql;
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  await sql`insert into organisations (id, name, created_at) values (${orgId}, 'Org', now())`;
});
afterAll(async () => {
  await database.close();
  await sql.end();
});

const about = { orgId, actor: null, ip: "192.0.2.1" };
const record = (entry: AuditEntry) => database.db.transaction((tx) => recordAudit(tx, entry));
const look = () =>
  tellFromAudit({ db: database.db, clock: { now: () => new Date() }, assetName: async (_tx, _org, id) => `name of ${id}` });
const told = () => sql<{ kind: string; data: object }[]>`select kind, data from notices order by id`;

const rotationFailed = (attempt: number): AuditEntry => ({
  ...about,
  kind: "account.rotation-failed",
  subject: { kind: "account", id: "acc_1", name: "deploy" },
  data: { assetId: "ast_1", code: "timeout", attempt },
});
const hostKeyChanged: AuditEntry = {
  ...about,
  kind: "host-key.changed",
  subject: { kind: "asset", id: "ast_1", name: "web\u202e" },
  data: { algorithm: "ssh-ed25519", pinned: "SHA256:a", offered: "SHA256:b" },
};

test("a failed rotation, a changed host key and a doubled agent are told of", async () => {
  await record(hostKeyChanged);
  await look(); // begins here
  expect(await told()).toEqual([]);
  await record(rotationFailed(1));
  await record(rotationFailed(2)); // of the same day
  await record(hostKeyChanged);
  await record({
    ...about,
    kind: "agent.duplicate-seen",
    subject: { kind: "agent", id: "agt_1", name: "edge" },
    data: { addresses: "192.0.2.1, 192.0.2.2" },
  });
  await record({ ...about, kind: "person.signed-out", subject: null, data: {} });
  await Promise.all([look(), look(), look()]);
  await look();
  expect(await told()).toEqual([
    {
      kind: "account.rotation-failed",
      data: { assetId: "ast_1", asset: "name of ast_1", account: "deploy", code: "timeout", attempt: 1 },
    },
    { kind: "host-key.changed", data: { assetId: "ast_1", asset: "web", pinned: "SHA256:a", offered: "SHA256:b" } },
    { kind: "agent.duplicate", data: { agentId: "agt_1", agent: "edge", addresses: "192.0.2.1, 192.0.2.2" } },
  ]);
});

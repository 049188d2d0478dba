// Changing the vault's key: killed anywhere, nothing is lost, and in the end nothing needs the old one.
import { spawn } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { Secret, TOTP } from "otpauth";
import type { TransactionSql } from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, person, TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
const passwords = Array.from({ length: 12 }, (_, n) => `secret-${n}`);
let hub: TestHub;
let admin: TestClient;
let accountIds: string[];
let withCodes: { id: string; email: string; secret: string };

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  const zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id;
  const fields = { name: newId("asset"), zoneId, platform: "linux", address: "192.0.2.1" };
  const { id: assetId } = await admin.mutate<{ id: string }>("assets.create", fields);
  accountIds = [];
  for (const password of passwords) {
    const account = { assetId, username: newId("u").toLowerCase(), secret: { kind: "password", password } };
    accountIds.push((await admin.mutate<{ id: string }>("accounts.create", account)).id);
  }
  const client = await hub.as("user");
  const { me } = await client.query<{ me: { id: string; email: string } }>("auth.state");
  const { secret } = await client.mutate<{ secret: string }>("auth.beginTotp");
  await client.mutate("auth.confirmTotp", { code: codeOf(secret) });
  withCodes = { ...me, secret };
});
// Tries of an address are counted by the minute, and a code is accepted once.
beforeEach(() => clock.advance(91_000));
afterAll(() => hub[Symbol.asyncDispose]());

const codeOf = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.now().getTime() });
const keyFiles = () => readdirSync(path.join(hub.dataDir, "keys")).filter((name) => /^(vault|identity)-key/.test(name));
const confirm = () => admin.mutate("auth.confirm", { password: administrator.password });
const vaultState = () => admin.query<{ key: number; running: boolean; keys: number; failed: boolean }>("settings.vault");

/** Every password is revealed as it was stored, and the second factor lets in. */
async function everythingOpens(): Promise<void> {
  await confirm();
  const revealed: unknown[] = [];
  for (const id of accountIds)
    revealed.push((await admin.mutate<{ password: string }>("accounts.reveal", { id, reason: "drill" })).password);
  expect(revealed).toEqual(passwords);
  clock.advance(91_000);
  const client = await TestClient.signIn(hub.url, { email: withCodes.email, password: person.password });
  await client.mutate("auth.showCode", { code: codeOf(withCodes.secret) });
  expect(await client.query("auth.state")).toMatchObject({ signedIn: true });
}

/** Changes the key in a process of its own, and kills it at the lock that `hold` takes. */
async function killedAt(hold: (tx: TransactionSql) => Promise<unknown>): Promise<void> {
  const [organisation] = await hub.sql<{ id: string }[]>`select id from organisations order by created_at limit 1`;
  await hub.sql.begin(async (tx) => {
    await hold(tx);
    const program = path.resolve(import.meta.dirname, "../testing/rotate-vault.ts");
    const child = spawn(process.execPath, [program, hub.dataDir, organisation?.id ?? ""], {
      env: { PATH: process.env["PATH"], DATABASE_URL: hub.databaseUrl },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const gone = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
    const waiting = () => hub.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await eventually(waiting, (rows) => rows.length > 0 || child.exitCode !== null, { what: "the lock", withinMs: 60_000 });
    child.kill("SIGKILL");
    expect(await gone).toBe("SIGKILL");
  });
  // The server finishes the dead process's statement first, and would be taken for the next one's.
  const left = () =>
    hub.sql`select 1 from pg_stat_activity where application_name = 'sallyport' and datname = current_database()`;
  await eventually(left, (rows) => rows.length === 0, { what: "the dead process's connections", withinMs: 60_000 });
}

test("is killed before the key, at a second factor, at the first secret and midway: the next start finishes it, and one key is left", async () => {
  await hub.stop();
  const [organisation] = await hub.sql<{ id: string }[]>`select id from organisations order by created_at limit 1`;
  await killedAt((tx) => tx`select pg_advisory_xact_lock(hashtextextended('audit:' || ${organisation?.id ?? ""}, 0))`);
  await killedAt((tx) => tx`select 1 from totp_secrets for update`);
  for (const n of [0, passwords.length / 2])
    await killedAt((tx) => tx`select 1 from account_secrets order by account_id offset ${n} limit 1 for update`);
  const keys = await hub.sql<
    { key: number }[]
  >`select distinct vault_key as key from account_secrets union select vault_key from totp_secrets`;
  expect(keys.length).toBeGreaterThan(1);
  await hub.restart();
  await eventually(vaultState, ({ running, keys: kept }) => !running && kept === 1, { what: "one key", withinMs: 60_000 });
  expect(keyFiles()).toEqual([`vault-key-${(await vaultState()).key}`]);
  await everythingOpens();
}, 120_000); // four processes are started and killed, one after the other

test("is for the hub's own administrators who have just shown who they are, is on record, and keeps the old key until nothing needs it", async () => {
  const { client: stranger } = await adminOfSecondOrganisation(hub);
  await stranger.mutate("auth.confirm", { password: "another-long-password" });
  expect(await stranger.refusal(stranger.mutate("settings.rotateVault"))).toBe("forbidden");
  clock.advance(11 * 60_000);
  expect(await admin.refusal(admin.mutate("settings.rotateVault"))).toBe("confirm-first");
  await confirm();
  const before = (await vaultState()).key;
  expect(await admin.mutate("settings.rotateVault")).toMatchObject({ key: before + 1, total: passwords.length + 1 });
  await eventually(vaultState, ({ running }) => !running, { what: "the end", withinMs: 60_000 });
  expect(await vaultState()).toMatchObject({ failed: false, done: passwords.length + 1, keys: 2 });
  const { items } = await admin.query<{ items: { kind: string; data: object }[] }>("audit.list", { kind: "vault.rewrapped" });
  expect(items[0]?.data).toEqual({ key: before + 1, secrets: passwords.length + 1 });
  await hub.restart();
  expect(keyFiles()).toEqual([`vault-key-${before + 1}`]);
  await everythingOpens();
});

test("second factors of a hub before the vault go into it at start, and their key file goes", async () => {
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const [row] = await hub.sql<{ orgId: string }[]>`select org_id as "orgId" from totp_secrets`;
  const place = JSON.stringify([row?.orgId, "totp_secrets", withCodes.id, "secret"]);
  const aead = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
  const sealed = `1.${Buffer.concat([nonce, aead.update(withCodes.secret), aead.final(), aead.getAuthTag()]).toString("base64")}`;
  await hub.stop();
  const file = path.join(hub.dataDir, "keys/identity-key");
  writeFileSync(file, `${key.toString("base64")}\n`);
  await hub.sql`update totp_secrets set secret = ${sealed}, vault_key = null`;
  await hub.restart();
  expect(existsSync(file)).toBe(false);
  await everythingOpens();
});

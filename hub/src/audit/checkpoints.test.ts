// Checkpoints: signed after a minute or a thousand events, in the database and in the file, and never a promise about what is not there.
import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { asc } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { TestHub } from "../testing/test-hub.ts";
import { CheckpointSigner, formatCheckpoint, judgeSignature, parseCheckpoint } from "./checkpoint.ts";
import { CheckpointFile, checkpointFile, readCheckpointLines } from "./checkpoint-file.ts";
import { Checkpoints, presentCheckpoint } from "./checkpoints.ts";
import { recordAudit } from "./record-audit.ts";
import { auditCheckpoints } from "./schema.ts";

const signer = new CheckpointSigner(generateKeyPairSync("ed25519").privateKey, "hub_test");
let held: TestDatabase;
let database: OpenDatabase;
let dataDir: string;
let file: CheckpointFile;
let nowMs = Date.parse("2026-01-01T00:00:00Z");
const clock = { now: () => new Date(nowMs) };

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-checkpoints-"));
  held = await createTestDatabase();
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  file = await CheckpointFile.open(dataDir);
});
afterAll(async () => {
  await file.close();
  await database.close();
  await held.sql.end();
  rmSync(dataDir, { recursive: true, force: true });
});

const record = (orgId: string, count: number) =>
  database.db.transaction(async (tx) => {
    for (let n = 0; n < count; n++)
      await recordAudit(tx, { kind: "zone.created", orgId, actor: null, subject: null, ip: null, data: {} }, clock.now());
  });
const start = () => Checkpoints.start({ db: database.db, clock, signer, file });
const seqs = async (orgId: string) =>
  (await held.sql`select seq from audit_checkpoints where org_id = ${orgId} order by seq`).map(({ seq }) => Number(seq));

test("an event is signed a minute after it was seen, and a thousand are at once", async () => {
  const checkpoints = await start();
  await record("org_a", 3);
  await checkpoints.takeDue();
  expect(await seqs("org_a")).toEqual([]);
  nowMs += 59_000;
  await record("org_a", 1);
  await checkpoints.takeDue();
  expect(await seqs("org_a")).toEqual([]);
  nowMs += 1_000;
  await checkpoints.takeDue();
  expect(await seqs("org_a")).toEqual([4]);
  expect(checkpoints.newestOf("org_a")).toMatchObject({ org: "org_a", seq: 4, at: "2026-01-01T00:01:00.000Z", hub: "hub_test" });

  await record("org_b", 1_000);
  await checkpoints.takeDue();
  expect(await seqs("org_b")).toEqual([1_000]);
  nowMs += 600_000;
  await checkpoints.takeDue();
  expect(await seqs("org_a")).toEqual([4]); // nothing new, nothing signed
});

test("every row holds under the key and is in the file, in the same words", async () => {
  const rows = await database.db.select().from(auditCheckpoints).orderBy(asc(auditCheckpoints.orgId), asc(auditCheckpoints.seq));
  const lines: string[] = [];
  for await (const { checkpoint } of readCheckpointLines(checkpointFile(dataDir)))
    lines.push(checkpoint === null ? "no checkpoint" : formatCheckpoint(checkpoint));
  expect(rows).toHaveLength(2);
  for (const row of rows.map(presentCheckpoint)) {
    expect(judgeSignature(row, signer.publicKey)).toBe("ok");
    expect(lines).toContain(formatCheckpoint(row));
    expect(judgeSignature({ ...row, seq: row.seq + 1 }, signer.publicKey)).toBe("forged");
    expect(judgeSignature({ ...row, org: "org_c" }, signer.publicKey)).toBe("forged");
    expect(judgeSignature(row, generateKeyPairSync("ed25519").publicKey)).toBe("other-key");
  }
});

test("events that a dead hub left unsigned are signed at the next start", async () => {
  await record("org_a", 2);
  const checkpoints = await start();
  expect(await seqs("org_a")).toEqual([4, 6]);
  expect(checkpoints.newestOf("org_a")?.seq).toBe(6);
});

test("two that take at once sign once", async () => {
  const checkpoints = await start();
  await record("org_a", 1);
  await Promise.all([checkpoints.takeAll(), checkpoints.takeAll()]);
  expect(await seqs("org_a")).toEqual([4, 6, 7]);
  expect(readFileSync(checkpointFile(dataDir), "utf8").match(/"org":"org_a","seq":7/g)).toHaveLength(1);
});

test("half a line that a crash left goes, and whole lines stay", async () => {
  await file.close();
  const whole = readFileSync(checkpointFile(dataDir), "utf8");
  appendFileSync(checkpointFile(dataDir), whole.slice(0, 100));
  file = await CheckpointFile.open(dataDir);
  expect(readFileSync(checkpointFile(dataDir), "utf8")).toBe(whole);
});

test("what is no checkpoint is not read as one", () => {
  for (const line of ["", "{}", "null", "[1]", `{"org":"o","seq":-1}`, "x".repeat(5_000)])
    expect(parseCheckpoint(line)).toBeNull();
});

test("a hub that closes in order leaves no event unsigned", async () => {
  await using hub = await TestHub.start();
  const admin = await hub.asAdmin();
  await admin.mutate("fleet.createZone", { name: "signed" });
  await hub.stop();
  const [last] = await hub.sql`select max(seq) as seq from audit_events`;
  const [signed] = await hub.sql`select max(seq) as seq from audit_checkpoints`;
  expect(Number(last?.["seq"])).toBeGreaterThan(0);
  expect(signed?.["seq"]).toBe(last?.["seq"]);
});

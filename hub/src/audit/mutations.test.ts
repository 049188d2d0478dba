// A thousand random mutations of an audit log in a real database: the verifier finds each, and raises no alarm over what was written.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { and, asc, eq, gte, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenDatabase, openDatabase, type Transaction } from "../platform/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { genesis, hashEvent } from "./chain.ts";
import { type Checkpoint, CheckpointSigner } from "./checkpoint.ts";
import { CheckpointFile, checkpointFile, readCheckpointLines } from "./checkpoint-file.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type AuditRow, auditCheckpoints, auditEvents } from "./schema.ts";
import { type Anchors, type AuditVerdict, judgeAuditLog } from "./verify-audit.ts";

const mutations = 1_000;
/** Events of the organisation that is tampered with, and of another beside it. */
const sizes = { org_a: 300, org_b: 60 };
const last = sizes.org_a;
const signedEvery = 60;

/** mulberry32: the same mutations in every run, so that a miss can be looked at. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
const random = randomFrom(20_260_101);
/** A place in the chain, 1 … last. */
const anywhere = () => 1 + random(last);
/** Where the whole rest has to be rewritten, mostly a short rest: rewriting is what takes the time here. */
const mostlyLate = () => (random(5) === 0 ? anywhere() : last - random(60));

let held: TestDatabase;
let database: OpenDatabase;
let dataDir: string;
let anchors: Anchors;
let heads: Checkpoint[];

beforeAll(async () => {
  held = await createTestDatabase();
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-mutations-"));
  const file = await CheckpointFile.open(dataDir);
  const signer = new CheckpointSigner(generateKeyPairSync("ed25519").privateKey, "hub_test");
  const checkpoints = await Checkpoints.start({ db: database.db, clock: { now: () => new Date() }, signer, file });
  for (const [orgId, size] of Object.entries(sizes)) {
    let before = genesis;
    for (let from = 1; from <= size; from += signedEvery) {
      const rows = Array.from({ length: signedEvery }, (_, n) => {
        const event = eventAt(orgId, from + n);
        before = hashEvent(before, event);
        return { ...event, hash: before };
      });
      await database.db.insert(auditEvents).values(rows);
      await checkpoints.takeAll();
    }
  }
  await file.close();
  await database.db.execute(sql`analyze audit_events`);
  anchors = { publicKey: signer.publicKey, file: checkpointFile(dataDir), heads: [], org: null };
  heads = [];
  for await (const { checkpoint } of readCheckpointLines(checkpointFile(dataDir)))
    if (checkpoint !== null) heads.push(checkpoint);
});
afterAll(async () => {
  await database.close();
  await held.sql.end();
  rmSync(dataDir, { recursive: true, force: true });
});

const eventAt = (orgId: string, seq: number): Omit<AuditRow, "hash"> => ({
  id: `evt_${orgId}_${seq}`,
  orgId,
  seq,
  at: new Date(Date.parse("2026-01-01T00:00:00Z") + seq * 1_000),
  kind: seq % 3 === 0 ? "grant.revoked" : "zone.renamed",
  actorId: `usr_${seq % 7}`,
  actorName: `Person ${seq % 7} 你好`,
  subjectKind: "zone",
  subjectId: `zon_${seq % 11}`,
  subjectName: `zone "${seq % 11}"`,
  data: { before: `b${seq}`, after: seq % 5 === 0 ? null : seq },
  ip: seq % 4 === 0 ? null : "192.0.2.1",
});

const at = (seq: number) => and(eq(auditEvents.orgId, "org_a"), eq(auditEvents.seq, seq));
const edit = (tx: Transaction, seq: number, values: Partial<AuditRow>) => tx.update(auditEvents).set(values).where(at(seq));
const rowsFrom = (tx: Transaction, seq: number) =>
  tx
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.orgId, "org_a"), gte(auditEvents.seq, seq)))
    .orderBy(asc(auditEvents.seq));

/** Somebody who knows the code makes the chain whole again from `seq` on. */
async function recompute(tx: Transaction, seq: number): Promise<void> {
  const [before] = await tx
    .select({ hash: auditEvents.hash })
    .from(auditEvents)
    .where(at(seq - 1));
  let hash = before?.hash ?? genesis;
  const hashes = (await rowsFrom(tx, seq)).map((row) => {
    hash = hashEvent(hash, row);
    return { seq: row.seq, hash };
  });
  await tx.execute(sql`update audit_events e set hash = fresh.hash
    from jsonb_to_recordset(${JSON.stringify(hashes)}::text::jsonb) as fresh(seq bigint, hash text)
    where e.org_id = 'org_a' and e.seq = fresh.seq`);
}
/** Moves what comes after `seq` by some places; in two steps, because numbers are unique at every moment. */
async function shift(tx: Transaction, seq: number, by: number): Promise<void> {
  await tx.execute(sql`update audit_events set seq = -seq where org_id = 'org_a' and seq > ${seq}`);
  await tx.execute(sql`update audit_events set seq = -seq + ${by} where org_id = 'org_a' and seq < 0`);
}
const forgetCheckpoints = (tx: Transaction, from: number) =>
  tx.execute(sql`delete from audit_checkpoints where org_id = 'org_a' and seq >= ${from}`);

type Found = { states: AuditVerdict["state"][]; at?: number };
type Mutation = (tx: Transaction) => Promise<Found & { anchors?: Anchors }>;
const altered = (seq: number): Found => ({ states: ["altered"], at: seq });

const edits: ((seq: number) => Partial<AuditRow>)[] = [
  (seq) => ({ id: `evt_x${seq}` }),
  (seq) => ({ at: new Date(Date.parse("2026-01-01T00:00:00Z") + seq * 1_000 + 1) }),
  () => ({ kind: "zone.created" }),
  () => ({ actorId: null }),
  () => ({ actorName: "Somebody else" }),
  () => ({ subjectKind: "agent" }),
  () => ({ subjectId: "zon_else" }),
  () => ({ subjectName: "" }),
  () => ({ data: {} }),
  (seq) => ({ data: { before: `b${seq}`, after: seq, more: true } }),
  (seq) => ({ data: { before: `b${seq}`, after: `${seq}` } }),
  () => ({ ip: "192.0.2.2" }),
  () => ({ hash: "0".repeat(64) }),
];

const kinds: Record<string, Mutation> = {
  "an edit of a column": async (tx) => {
    const seq = anywhere();
    await edit(tx, seq, edits[random(edits.length)]?.(seq) ?? {});
    return altered(seq);
  },
  "an event moved to another organisation": async (tx) => {
    const seq = anywhere();
    await edit(tx, seq, { orgId: "org_b", seq: sizes.org_b + 1 });
    return { states: ["altered", "truncated"] };
  },
  "an event with another number": async (tx) => {
    const seq = anywhere();
    await edit(tx, seq, { seq: last + 1 + random(1_000) });
    return { states: ["altered", "truncated"] };
  },
  "an event deleted": async (tx) => {
    const seq = 1 + random(last - 1);
    await tx.delete(auditEvents).where(at(seq));
    return altered(seq);
  },
  "an event deleted and the rest closed up": async (tx) => {
    const seq = Math.min(mostlyLate(), last - 1);
    await tx.delete(auditEvents).where(at(seq));
    await shift(tx, seq, -1);
    return altered(seq);
  },
  "two events swapped": async (tx) => {
    const [a, b] = [anywhere(), anywhere()].sort((x, y) => x - y) as [number, number];
    if (a === b) return kinds["an event deleted"]?.(tx) ?? altered(a);
    await tx.execute(sql`update audit_events set seq = -seq where org_id = 'org_a' and seq in (${a}, ${b})`);
    await tx.execute(sql`update audit_events set seq = ${a + b} + seq where org_id = 'org_a' and seq < 0`);
    return altered(a);
  },
  "a stretch in another order": async (tx) => {
    const from = 1 + random(last - 20);
    const length = 3 + random(15);
    await tx.execute(
      sql`update audit_events set seq = -seq where org_id = 'org_a' and seq >= ${from} and seq < ${from + length}`,
    );
    await tx.execute(
      sql`update audit_events set seq = ${from} + ((-seq - ${from} + 1) % ${length}) where org_id = 'org_a' and seq < 0`,
    );
    return altered(from);
  },
  "the tail cut off": async (tx) => {
    const seq = anywhere();
    await tx.delete(auditEvents).where(and(eq(auditEvents.orgId, "org_a"), gte(auditEvents.seq, seq)));
    return { states: ["truncated"], at: seq };
  },
  "the tail cut off, with its checkpoints": async (tx) => {
    const seq = anywhere();
    await tx.delete(auditEvents).where(and(eq(auditEvents.orgId, "org_a"), gte(auditEvents.seq, seq)));
    await forgetCheckpoints(tx, seq);
    return { states: ["rolled-back"], at: seq };
  },
  "an event inserted": async (tx) => {
    const seq = mostlyLate();
    await shift(tx, seq - 1, 1);
    const event = { ...eventAt("org_a", seq), id: "evt_inserted" };
    await tx.insert(auditEvents).values({ ...event, hash: hashEvent(genesis, event) });
    return altered(seq);
  },
  "an event inserted and every hash made again": async (tx) => {
    const seq = mostlyLate();
    await shift(tx, seq - 1, 1);
    await tx.insert(auditEvents).values({ ...eventAt("org_a", seq), id: "evt_inserted", hash: "" });
    await recompute(tx, seq);
    return { states: ["altered"] };
  },
  "an event added at the end, in the chain": async (tx) => {
    const [before] = await tx.select({ hash: auditEvents.hash }).from(auditEvents).where(at(last));
    const event = { ...eventAt("org_a", last + 1), id: "evt_added" };
    await tx.insert(auditEvents).values({ ...event, hash: hashEvent(before?.hash ?? "", event) });
    return { states: ["open"] }; // nobody vouches for it, and that is said
  },
  "an edit and every hash made again": async (tx) => {
    const seq = mostlyLate();
    await edit(tx, seq, { actorName: "Somebody else" });
    await recompute(tx, seq);
    return { states: ["altered"] };
  },
  "an edit, every hash made again and the checkpoints removed": async (tx) => {
    const seq = mostlyLate();
    await edit(tx, seq, { kind: "zone.created" });
    await recompute(tx, seq);
    await forgetCheckpoints(tx, seq);
    return { states: ["altered"] };
  },
  "an edit, every hash made again and the checkpoints rewritten": async (tx) => {
    const seq = mostlyLate();
    await edit(tx, seq, { ip: "192.0.2.3" });
    await recompute(tx, seq);
    await tx.execute(
      sql`update audit_checkpoints c set hash = e.hash from audit_events e where e.org_id = c.org_id and e.seq = c.seq`,
    );
    return { states: ["altered"] };
  },
  "a checkpoint edited": async (tx) => {
    const seq = signedEvery * (1 + random(last / signedEvery));
    const values = [
      { hash: "1".repeat(64) },
      { at: new Date(0) },
      { hubId: "hub_x" },
      { signature: `${"A".repeat(86)}==` },
      { keyId: "0".repeat(16) },
    ];
    await tx
      .update(auditCheckpoints)
      .set(values[random(values.length)] ?? {})
      .where(and(eq(auditCheckpoints.orgId, "org_a"), eq(auditCheckpoints.seq, seq)));
    return altered(seq);
  },
  "an older copy of the tables put back": async (tx) => {
    const seq = random(last);
    await tx.execute(sql`delete from audit_events where org_id = 'org_a' and seq > ${seq}`);
    await forgetCheckpoints(tx, seq + 1);
    return { states: ["rolled-back"], at: seq + 1 };
  },
  "an older copy of tables and folder, with a witness": async (tx) => {
    const seq = random(last);
    await tx.execute(sql`delete from audit_events where org_id = 'org_a' and seq > ${seq}`);
    await forgetCheckpoints(tx, seq + 1);
    return { states: ["rolled-back"], at: seq + 1, anchors: { ...anchors, file: null, heads } };
  },
  "everything of an organisation removed": async (tx) => {
    await tx.execute(sql`delete from audit_events where org_id = 'org_a'`);
    await forgetCheckpoints(tx, 0);
    return { states: ["rolled-back"], at: 1 };
  },
};

class RolledBack extends Error {}

/** Mutates and judges in one transaction, which then has never been. */
async function judged(mutate: Mutation): Promise<{ expected: Found; verdicts: AuditVerdict[] }> {
  let answer: { expected: Found; verdicts: AuditVerdict[] } | undefined;
  await database.db
    .transaction(async (tx) => {
      const { anchors: given, ...expected } = await mutate(tx);
      answer = { expected, verdicts: await judgeAuditLog(tx, given ?? anchors) };
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  if (answer === undefined) throw new Error("not judged");
  return answer;
}

const whole = [
  { org: "org_a", state: "ok", events: sizes.org_a, signedSeq: sizes.org_a },
  { org: "org_b", state: "ok", events: sizes.org_b, signedSeq: sizes.org_b },
];

test("each of 1,000 random mutations is found, at its place, and what was written is never called altered", {
  timeout: 120_000,
}, async () => {
  const names = Object.keys(kinds);
  const missed: string[] = [];
  for (let n = 0; n < mutations; n++) {
    const name = names[n % names.length] ?? "";
    const mutate = kinds[name];
    if (mutate === undefined) throw new Error(`no mutation ${name}`);
    const { expected, verdicts } = await judged(mutate);
    const verdict = verdicts.find(({ org }) => org === "org_a");
    const found = verdict !== undefined && expected.states.includes(verdict.state);
    if (!found || (expected.at !== undefined && verdict.at !== expected.at))
      missed.push(`${n} ${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(verdict)}`);
    // What was taken back lies dead in the table, and would be walked over by all that follow.
    if (n % 100 === 0) await database.db.execute(sql`vacuum audit_events`);
    if (n % 100 === 0) expect(await judgeAuditLog(database.db, anchors)).toMatchObject(whole);
  }
  expect(missed).toEqual([]);
  expect(await judgeAuditLog(database.db, { ...anchors, heads })).toMatchObject(whole);
});

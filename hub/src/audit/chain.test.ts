// The audit chain: writers leave no hole, and nothing can be changed in it without being found.
import { generateKeyPairSync, randomInt } from "node:crypto";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { asc } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { findBreak, genesis } from "./chain.ts";
import { recordAudit } from "./record-audit.ts";
import { type AuditRow, auditEvents } from "./schema.ts";
import { verifyAuditLog } from "./verify-audit.ts";

const orgId = "org_audited";
const events = 120;
let held: TestDatabase;
let database: OpenDatabase;

const { publicKey } = generateKeyPairSync("ed25519");
/** By the chain alone: nothing is signed here. */
const verify = async (org: string) => {
  const [verdict] = await verifyAuditLog(database.db, { publicKey, file: null, heads: [], org });
  if (verdict === undefined) throw new Error(`no verdict on ${org}`);
  return verdict;
};

const write = (n: number, org = orgId) =>
  database.db.transaction((tx) =>
    recordAudit(tx, {
      kind: "zone.renamed",
      orgId: org,
      actor: { id: `usr_${n}`, name: `Person ${n} 你好` },
      subject: { kind: "zone", id: newId("zon"), name: `zone ${n}` },
      ip: "192.0.2.1",
      data: { before: `b${n}`, after: `a${n}` },
    }),
  );

beforeAll(async () => {
  held = await createTestDatabase();
  database = await openDatabase({ url: held.url }, { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") });
  await Promise.all(Array.from({ length: events }, (_, n) => write(n)));
});
afterAll(async () => {
  await database.close();
  await held.sql.end();
});

const rows = (): Promise<AuditRow[]> => database.db.select().from(auditEvents).orderBy(asc(auditEvents.seq));

describe("the chain", () => {
  test("written by a hundred and twenty at once has neither hole nor branch", async () => {
    expect((await rows()).map(({ seq }) => seq)).toEqual(Array.from({ length: events }, (_, n) => n + 1));
    expect(await verify(orgId)).toMatchObject({ state: "open", events });
  });

  test("of one organisation says nothing of another's", async () => {
    await Promise.all([write(1, "org_other"), write(2, "org_other")]);
    expect(await verify("org_other")).toMatchObject({ state: "open", events: 2 });
    expect(await verify(orgId)).toMatchObject({ state: "open", events });
    await held.sql`delete from audit_events where org_id = 'org_other'`;
  });

  test("gives up an event with the transaction that was to carry it", async () => {
    const failing = database.db.transaction(async (tx) => {
      await recordAudit(tx, { kind: "zone.created", orgId, actor: null, subject: null, ip: null, data: {} });
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await verify(orgId)).toMatchObject({ state: "open", events });
  });

  test("shows each of 200 random alterations", async () => {
    const whole = await rows();
    const another = (row: AuditRow) => whole[(whole.indexOf(row) + 1 + randomInt(whole.length - 1)) % whole.length] ?? row;
    const alterations: ((all: AuditRow[], at: number) => AuditRow[])[] = [
      (all, at) => all.toSpliced(Math.min(at, all.length - 2), 1), // the last one is found by the head alone
      (all, at) => all.with(at, { ...pick(all, at), actorName: "Somebody else" }),
      (all, at) => all.with(at, { ...pick(all, at), actorId: null }),
      (all, at) => all.with(at, { ...pick(all, at), subjectId: "zon_other" }),
      (all, at) => all.with(at, { ...pick(all, at), at: new Date(pick(all, at).at.getTime() + 1) }),
      (all, at) => all.with(at, { ...pick(all, at), kind: "zone.created" }),
      (all, at) => all.with(at, { ...pick(all, at), ip: "192.0.2.2" }),
      (all, at) => all.with(at, { ...pick(all, at), data: { ...pick(all, at).data, after: "else" } }),
      (all, at) => all.with(at, { ...pick(all, at), data: { ...pick(all, at).data, more: true } }),
      (all, at) => all.with(at, { ...pick(all, at), hash: another(pick(all, at)).hash }),
      (all, at) => all.with(at, { ...pick(all, at), orgId: "org_other" }),
      (all, at) => {
        const other = another(pick(all, at));
        return all.map((row) =>
          row === pick(all, at) ? { ...other, seq: row.seq } : row === other ? { ...pick(all, at), seq: row.seq } : row,
        );
      },
      (all, at) => all.toSpliced(at, 0, { ...pick(all, at), id: "evt_inserted" }),
    ];
    const missed: string[] = [];
    for (let n = 0; n < 200; n++) {
      const at = randomInt(whole.length);
      const altered = alterations[n % alterations.length]?.(whole, at) ?? whole;
      if (findBreak({ seq: 0, hash: genesis }, altered) === null) missed.push(`alteration ${n % alterations.length} at ${at}`);
    }
    expect(missed).toEqual([]);
  });

  test("cut at its end no longer has the head that was noted", async () => {
    const { head } = await verify(orgId);
    await held.sql`delete from audit_events where org_id = ${orgId} and seq = ${events}`;
    const cut = await verify(orgId);
    expect(cut.events).toBe(events - 1);
    expect(cut.head).not.toBe(head);
  });

  test("altered in the database itself is found by the verifier, at the place", async () => {
    await held.sql`update audit_events set data = jsonb_set(data, '{after}', '"else"') where org_id = ${orgId} and seq = 40`;
    expect(await verify(orgId)).toMatchObject({ state: "altered", at: 40 });
  });
});

function pick(all: AuditRow[], at: number): AuditRow {
  const row = all[at];
  if (row === undefined) throw new Error(`no event ${at}`);
  return row;
}

// Finding events again: every filter finds what it should and nothing else, and what leaves as CSV runs in no spreadsheet.

import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../platform/database.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { recordAudit } from "./record-audit.ts";

type Listed = { items: { seq: number; kind: string }[]; total: number; totalIsLeast: boolean; nextCursor: string | null };

let hub: TestHub;
let admin: TestClient;
let orgId: string;
const formula = '=HYPERLINK("x")';

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  orgId = String((await hub.sql`select id from organisations`)[0]?.["id"]);
  const database = await openDatabase(
    { url: `postgres:///${hub.sql.options.database}?host=${hub.sql.options.host[0]}&user=${hub.sql.options.user}` },
    { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") },
  );
  const li = { id: "usr_li", name: "李伟 Li Wei" };
  const common = { orgId, actor: li, ip: "192.0.2.7" };
  const asset = { kind: "asset" as const, id: "ast_db", name: "db-primary_1" };
  await database.db.transaction(async (tx) => {
    await recordAudit(tx, {
      ...common,
      kind: "session.opened",
      subject: { kind: "session", id: "ses_1", name: "db-primary_1" },
      data: { assetId: "ast_db", account: "root", by: "vault" },
    });
    await recordAudit(tx, { ...common, kind: "access.refused", subject: asset, data: { action: "connect", code: "no-grant" } });
    await recordAudit(tx, {
      ...common,
      actor: null,
      ip: null,
      kind: "session.ended",
      subject: { kind: "session", id: "ses_1", name: formula },
      data: { reason: "exit", exitCode: 0 },
    });
  });
  await database.close();
});
afterAll(() => hub[Symbol.asyncDispose]());

const kindsOf = async (filter: object) => (await admin.query<Listed>("audit.list", filter)).items.map(({ kind }) => kind);

test.each([
  [{ actorId: "usr_li" }, ["access.refused", "session.opened"]],
  [{ group: "session" }, ["session.ended", "session.opened"]],
  [{ kind: "session.ended" }, ["session.ended"]],
  [{ subjectId: "ses_1" }, ["session.ended", "session.opened"]],
  [{ assetId: "ast_db" }, ["access.refused", "session.opened"]],
  [{ ip: "192.0.2.7" }, ["access.refused", "session.opened"]],
  [{ search: "李伟" }, ["access.refused", "session.opened"]],
  [{ search: "primary_1" }, ["access.refused", "session.opened"]],
  [{ search: "primary%1" }, []],
  [{ search: "李", kind: "session.opened" }, ["session.opened"]],
  [{ search: "ses_1", group: "session" }, ["session.ended", "session.opened"]],
  [{ group: "nothing" }, []],
  [{ actorId: "usr_li", from: "2100-01-01T00:00:00Z" }, []],
])("the filter %j finds its events, newest first", async (filter, kinds) => {
  expect(await kindsOf(filter)).toEqual(kinds);
});

test("pages of a period follow each other without a gap too", async () => {
  const seqs: number[] = [];
  let cursor: string | null = null;
  do {
    const page: Listed = await admin.query("audit.list", {
      limit: 2,
      from: "2026-01-01T00:00:00Z",
      ...(cursor === null ? {} : { cursor }),
    });
    seqs.push(...page.items.map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, n) => seqs.length - n));
});

test("without a filter the total is every event, and pages follow each other without a gap", async () => {
  const seqs: number[] = [];
  let cursor: string | null = null;
  let total = 0;
  do {
    const page: Listed = await admin.query("audit.list", { limit: 2, ...(cursor === null ? {} : { cursor }) });
    seqs.push(...page.items.map(({ seq }) => seq));
    ({ nextCursor: cursor, total } = page);
  } while (cursor !== null);
  expect(seqs).toEqual(Array.from({ length: total }, (_, n) => total - n));
});

test("CSV holds what the filter finds, with formulas as text, and the export is an event itself", async () => {
  const response = await admin.rest("GET", "/api/v1/audit/events.csv?group=session");
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const text = Buffer.from(await response.arrayBuffer()).toString();
  expect(text.startsWith("\ufeffseq,at,kind,")).toBe(true);
  const lines = text.split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[1]).toContain(`,"'=HYPERLINK(""x"")",`);
  expect(lines[2]).toContain("李伟 Li Wei");
  const [event] = (await admin.query<{ items: { kind: string; data: object }[] }>("audit.list", { kind: "audit.exported" }))
    .items;
  expect(event).toMatchObject({ data: { filter: '{"group":"session"}' } });
});

test("CSV is for those who may read the log, and a filter that is none is refused", async () => {
  const user = await hub.as("user");
  expect((await user.rest("GET", "/api/v1/audit/events.csv")).status).toBe(403);
  expect((await admin.rest("GET", "/api/v1/audit/events.csv?from=yesterday")).status).toBe(400);
  expect((await admin.query<Listed>("audit.list", { kind: "audit.exported" })).total).toBe(1);
});

test("verifying says to where the chain is signed, and by which key", async () => {
  const verdict = await admin.mutate("audit.verify");
  expect(verdict).toMatchObject({ state: "ok", at: null, keyId: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(await admin.query("audit.state")).toMatchObject({
    checkpoint: { seq: (verdict as { events: number }).events },
    exports: [],
    contradictions: [],
  });
});

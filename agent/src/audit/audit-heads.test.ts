// This host as a witness: keeps what it was given, notices a hub that goes back, and stays small.
import { appendFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { wire } from "@sallyport/protocol/wire";
import { expect, test } from "vitest";
import { createLog } from "../log.ts";
import { enrolledState, linkedAgent } from "../testing/agents.ts";
import { TestHub } from "../testing/hub.ts";
import { scratch } from "../testing/scratch.ts";
import { AuditHeads, allHeads } from "./audit-heads.ts";

const dayMs = 86_400_000;
const startMs = Date.parse("2026-01-01T00:00:00Z");
const head = (seq: number, more: wire.AuditHead.$Properties = {}): wire.AuditHead.$Properties => ({
  orgId: "org_a",
  seq,
  hash: Buffer.alloc(32, seq % 251),
  atMs: startMs + seq * 60_000,
  keyId: "0123456789abcdef",
  signature: Buffer.alloc(64, `${seq} `),
  ...more,
});
const witness = (stateDir: string, lines: string[] = [], hubId = "hub_a") =>
  new AuditHeads({ stateDir, hubId, log: createLog((line) => lines.push(line)) });
const seqsOf = (heads: wire.AuditHead.$Properties[]) => heads.map(({ seq }) => seq);

test("what the hub gave outlives the process, and the highest is what the next hello says", () => {
  const stateDir = scratch();
  const first = witness(stateDir);
  for (const seq of [3, 5, 9, 9]) first.note(head(seq));
  expect(allHeads(stateDir).map(({ seq }) => seq)).toEqual([3, 5, 9]);
  const [said, ...more] = witness(stateDir).report();
  expect(more).toEqual([]);
  expect(said).toEqual({ ...head(9), hash: Buffer.alloc(32, 9), signature: Buffer.alloc(64, "9 ") });
});

test.each([
  ["a lower number", head(4)],
  ["the same number with another hash", head(9, { hash: Buffer.alloc(32, 77) })],
])("a hub that comes with %s is noticed, and what it said before stays and is said again", (_what, back) => {
  const stateDir = scratch();
  const lines: string[] = [];
  const heads = witness(stateDir, lines);
  for (const seq of [3, 9]) heads.note(head(seq));
  heads.note(back);
  heads.note(back);
  expect(lines.join("")).toContain("went back: event 9");
  expect(lines).toHaveLength(1);
  expect(seqsOf(heads.report())).toEqual([9]);
  // The hub's new history grows past the old one: the old one is still said.
  for (let seq = 10; seq < 90; seq++) heads.note(head(seq));
  expect(seqsOf(witness(stateDir).report())).toEqual([89, 9]);
  expect(allHeads(stateDir).find(({ seq }) => seq === 9)).toMatchObject({ contradicted: true, hash: "09".repeat(32) });
});

test("years of a hub are a bounded pair of files: the newest 64, and one a day for a year", () => {
  const stateDir = scratch();
  const daysFile = path.join(stateDir, "audit-heads-days");
  const first = witness(stateDir);
  first.note(head(1));
  const [line] = allHeads(stateDir);
  const oneADay = Array.from({ length: 366 }, (_, n) => ({
    ...line,
    seq: n + 1,
    at: new Date(startMs + n * dayMs).toISOString(),
    signature: Buffer.alloc(64, `${n}.`).toString("base64"),
  }));
  writeFileSync(daysFile, oneADay.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const heads = witness(stateDir);
  for (let n = 0; n < 3; n++) heads.note(head(1_000 + n, { atMs: startMs + (366 + n) * dayMs }));
  for (let n = 0; n < 80; n++) heads.note(head(2_000 + n, { atMs: startMs + 369 * dayMs + n * 1_000 }));
  const all = allHeads(stateDir);
  expect(new Set(all.map(({ at }) => at.slice(0, 10))).size).toBe(366);
  expect(all.length).toBeLessThanOrEqual(366 + 64);
  expect(all.filter(({ seq }) => seq >= 2_000)).toHaveLength(65); // the newest 64, and the first of its day
  expect(statSync(path.join(stateDir, "audit-heads")).size).toBeLessThan(32_768);
  expect(statSync(daysFile).size).toBeLessThan(200_000);
});

test("what is no head, and a damaged line, are passed over", () => {
  const stateDir = scratch();
  const heads = witness(stateDir);
  heads.note(head(7));
  const broken: wire.AuditHead.$Properties[] = [
    {},
    head(0),
    head(8, { hash: Buffer.alloc(31) }),
    head(8, { signature: Buffer.alloc(0) }),
    head(8, { orgId: "a\nb" }),
    head(8, { keyId: "x" }),
    head(8, { atMs: 9e15 }),
  ];
  for (const one of [...broken, null, undefined]) heads.note(one);
  for (const org of ["b", "c", "d", "e", "f", "g"]) heads.note(head(8, { orgId: `org_${org}` })); // more chains than anybody is in
  expect(new Set(allHeads(stateDir).map(({ org }) => org)).size).toBe(4);
  appendFileSync(path.join(stateDir, "audit-heads"), '{"org":"org_a","seq":');
  expect(seqsOf(witness(stateDir).report()).slice(0, 1)).toEqual([7]);
});

test("another hub is told nothing of the first, and takes nothing from it", () => {
  const stateDir = scratch();
  witness(stateDir).note(head(9));
  const other = witness(stateDir, [], "hub_b");
  expect(other.report()).toEqual([]);
  other.note(head(2));
  expect(seqsOf(other.report())).toEqual([2]);
  expect(allHeads(stateDir).map(({ hub, seq }) => [hub, seq])).toEqual([
    ["hub_a", 9],
    ["hub_b", 2],
  ]);
});

test("a real agent keeps what welcome and heartbeats bring, and says it when it comes back", async () => {
  await using hub = await TestHub.start();
  hub.heartbeatIntervalMs = 1_000;
  hub.auditHead = head(5);
  const state = enrolledState(hub);
  {
    await using _agent = await linkedAgent(hub, state);
    hub.auditHead = head(6);
    await expect.poll(() => allHeads(state.stateDir).map(({ seq }) => seq), { timeout: 5_000 }).toEqual([5, 6]);
  }
  const from = hub.heard.length;
  await using _agent = await linkedAgent(hub, state);
  const hello = await hub.hear("hello", () => true, from);
  expect(hello.auditHeads).toMatchObject([{ seq: 6, orgId: "org_a" }]);
});

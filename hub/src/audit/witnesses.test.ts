// Agents as witnesses of the audit log: given each checkpoint, and believed exactly as far as the hub's own signature goes.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import type { wire } from "@sallyport/protocol/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { checkpointFile } from "./checkpoint-file.ts";

type State = { checkpoint: { seq: number } | null; contradictions: { seq: number; why: string; shownBy: string }[] };

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let agent: TestAgent;
let claimed: (() => wire.AuditHead.$Properties[]) | null = null;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ auditHeads: () => claimed?.() ?? agent?.auditHeads.slice(-1) ?? [] });
});
afterAll(() => hub[Symbol.asyncDispose]());

const state = () => admin.query<State>("audit.state");
const relink = async () => {
  agent.cut();
  await agent.link();
};
const lastSeq = async () => Number((await hub.sql`select max(seq) as seq from audit_events`)[0]?.["seq"]);
const lastHead = (): wire.AuditHead.$Properties => agent.auditHeads.at(-1) ?? {};
/** An older database is put back: events and checkpoints above `seq` have never been. The hub's folder stays. */
const goBackTo = async (seq: number) => {
  await hub.stop();
  await hub.sql`delete from audit_events where seq > ${seq}`;
  await hub.sql`delete from audit_checkpoints where seq > ${seq}`;
};

describe("an agent", () => {
  test("is given the newest checkpoint with its welcome, and each newer one with a heartbeat, once", async () => {
    await hub.restart();
    await agent.link();
    expect(lastHead()).toMatchObject({ seq: (await state()).checkpoint?.seq });
    expect(lastHead().signature).toHaveLength(64);
    await admin.mutate("fleet.createZone", { name: "makes an event" });
    clock.advance(60_000);
    const seq = await lastSeq();
    // Seen first, signed a minute after.
    await eventually(
      async () => {
        clock.advance(60_000);
        return (await state()).checkpoint?.seq ?? 0;
      },
      (signed) => signed >= seq,
    );
    const before = agent.auditHeads.length;
    agent.say({ heartbeat: { sentUs: 1 } });
    await eventually(
      () => lastHead().seq ?? 0,
      (given) => given >= seq,
    );
    agent.say({ heartbeat: { sentUs: 2 } });
    agent.say({ heartbeat: { sentUs: 3 } });
    await eventually(
      () => agent.downs.filter((body) => body === "heartbeatEcho").length,
      (echoes) => echoes >= 3,
    );
    expect(agent.auditHeads.length).toBe(before + 1);
  });

  test("that has seen what the database holds raises nothing", async () => {
    await relink();
    expect((await state()).contradictions).toEqual([]);
    expect((await admin.query<{ auditContradicted: boolean }>("home.summary")).auditContradicted).toBe(false);
  });

  test.each([
    ["of a key that is not the hub's", () => ({ keyId: "0".repeat(16) })],
    ["with a number that was not signed", () => ({ seq: 999_999 })],
    ["with a hash that was not signed", () => ({ hash: Buffer.alloc(32, 1) })],
    ["of another organisation", () => ({ orgId: "org_other", seq: 999_999 })],
    ["that is none", () => ({ signature: Buffer.alloc(3), seq: -1 })],
  ])("cannot raise an alarm with a head %s", async (_what, change) => {
    claimed = () => [{ ...lastHead(), ...change() }];
    await relink();
    claimed = null;
    expect((await state()).contradictions).toEqual([]);
    expect(await hub.sql`select 1 from audit_events where kind = 'audit.contradicted'`).toHaveLength(0);
  });
});

describe("after an older database was put back", () => {
  test("the file in the data folder finds it at the start, and the agent when it links, each checkpoint once", async () => {
    const seen = lastHead();
    await goBackTo((seen.seq ?? 0) - 2);
    // The folder is as old as the database: only the agent remembers.
    const kept = `${checkpointFile(hub.dataDir)}.kept`;
    copyFileSync(checkpointFile(hub.dataDir), kept);
    writeLines(kept, (line) => line.seq <= (seen.seq ?? 0) - 2);
    await hub.restart();
    expect((await state()).contradictions).toEqual([]);
    await agent.link();
    expect((await state()).contradictions).toMatchObject([{ seq: seen.seq, shownBy: agent.id }]);
    expect((await admin.query<{ auditContradicted: boolean }>("home.summary")).auditContradicted).toBe(true);
    claimed = () => [seen];
    await relink();
    claimed = null;
    const [event, ...more] = await hub.sql`select data, subject_id from audit_events where kind = 'audit.contradicted'`;
    expect(more).toEqual([]);
    expect(event).toMatchObject({ subject_id: agent.id, data: { seq: seen.seq } });

    // The folder as it truly was: the hub needs no agent.
    await hub.stop();
    await hub.sql`delete from audit_contradictions`;
    copyFileSync(kept, checkpointFile(hub.dataDir));
    await hub.restart();
    await agent.link();
    expect((await state()).contradictions.map(({ shownBy }) => shownBy)).toContain("file");
  });

  test("an administrator who knows why says so, and the same checkpoint is no news any more", async () => {
    const { checkpoints } = await admin.mutate<{ checkpoints: number }>("audit.acknowledge", { reason: "restored the backup" });
    expect(checkpoints).toBeGreaterThan(0);
    expect((await state()).contradictions).toEqual([]);
    expect(await admin.mutate("audit.acknowledge", { reason: "once more" })).toEqual({ checkpoints: 0 });
    await hub.restart();
    await agent.link();
    expect((await state()).contradictions).toEqual([]);
    const events = await hub.sql`select data from audit_events where kind = 'audit.contradiction-acknowledged'`;
    expect(events).toMatchObject([{ data: { reason: "restored the backup", checkpoints } }]);
  });
});

function writeLines(from: string, keep: (line: { seq: number }) => boolean): void {
  const lines = readFileSync(from, "utf8")
    .split("\n")
    .filter((line) => line !== "" && keep(JSON.parse(line)));
  writeFileSync(checkpointFile(hub.dataDir), lines.map((line) => `${line}\n`).join(""));
}

// Retention: what is older than its time is gone and says so; what is younger stays.
import { existsSync, readdirSync, utimesSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { TestHub } from "../testing/test-hub.ts";

const agoSeconds = (days: number) => Date.now() / 1_000 - days * 86_400;

test("a recording past its days is removed, on record, and its session says so; a younger one stays", async () => {
  await using hub = await TestHub.start({ recordingDays: 7 });
  const admin = await hub.asAdmin();
  await hub.enrolAgent();
  const assets = await admin.query<{ items: { id: string }[] }>("assets.list", {});
  const assetId = assets.items[0]?.id ?? "";
  const ids: string[] = [];
  for (let n = 0; n < 2; n++) {
    const terminal = await admin.openTerminal(assetId);
    terminal.type("kept for a while");
    await terminal.until(() => terminal.text.includes("while"));
    await admin.mutate("sessions.end", { id: terminal.sessionId });
    ids.push(terminal.sessionId);
  }
  const [old = "", young = ""] = ids;
  const fileOf = (id: string) => path.join(hub.dataDir, "logs", id.slice(0, 8), `${id}.log`);
  expect(readdirSync(path.dirname(fileOf(old)))).toContain(`${old}.log`);
  await hub.stop();
  await hub.sql`update sessions set ended_at = now() - interval '8 days' where id = ${old}`;
  for (const [id, days] of [
    [old, 8],
    [young, 6],
  ] as const)
    utimesSync(fileOf(id), agoSeconds(days), agoSeconds(days));
  await hub.restart();
  await eventually(
    () => existsSync(fileOf(old)),
    (there) => !there,
  );
  expect(existsSync(fileOf(young))).toBe(true);
  const detail = (id: string) =>
    admin.query<{ evidence: { verified: string }; events: { kind: string }[] }>("sessions.get", { id });
  const gone = await detail(old);
  expect(gone.evidence.verified).toBe("removed");
  expect(gone.events.filter(({ kind }) => kind === "session.recording-removed")).toHaveLength(1);
  expect((await admin.rest("GET", `/api/v1/sessions/${old}/recording.cast`)).status).toBe(404);
  expect((await detail(young)).evidence.verified).toBe("ok");
});

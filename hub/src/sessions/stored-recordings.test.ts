// A hub with an object store, as a person meets it: what has ended is stored, and replayed from there.
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { logFileOf } from "../logs/log-places.ts";
import { eventually } from "../testing/eventually.ts";
import { S3Server } from "../testing/s3-server.ts";
import { TestHub } from "../testing/test-hub.ts";

type Summary = { archive: "off" | "ok" | "failing" };
type Session = { recording: { bytes: number }; evidence: { verified: string } };

test("a session that has ended is in the store, replays from it, and says so when it is away", async () => {
  await using server = await S3Server.start();
  await using hub = await TestHub.start({ s3: { ...server.options, cacheBytesMax: 0 } });
  const admin = await hub.asAdmin();
  const agent = await hub.enrolAgent();
  const { assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id });
  const terminal = await admin.openTerminal(assetId);
  const said = Buffer.from("what was said here\r\n");
  const shell = [...agent.shells.values()].find(({ sessionId }) => sessionId === terminal.sessionId);
  shell?.ring.append(said);
  agent.mux.wake();
  await terminal.until(() => terminal.output.length === said.length);
  const id = terminal.sessionId;
  await admin.mutate("sessions.end", { id });
  await eventually(
    () => server.objects,
    (names) => names.some((name) => name.includes(id)),
  );
  expect((await admin.query<Summary>("home.summary")).archive).toBe("ok");

  rmSync(logFileOf(hub.dataDir, id));
  const session = await admin.query<Session>("sessions.get", { id });
  expect(session).toMatchObject({ recording: { bytes: said.length }, evidence: { verified: "ok" } });
  const cast = await admin.rest("GET", `/api/v1/sessions/${id}/recording.cast`);
  expect(await cast.text()).toContain("what was said here");

  rmSync(logFileOf(hub.dataDir, id));
  await server.stop();
  const away = await admin.rest("GET", `/api/v1/sessions/${id}/recording.cast`);
  expect(away.status).toBe(503);
  expect(await away.json()).toMatchObject({ code: "storage-unreachable" });
  // The page of the session itself must still open: its facts are in the database.
  expect(await admin.query<Session>("sessions.get", { id })).toMatchObject({ evidence: { verified: "unreachable" } });
  const another = await admin.openTerminal(assetId);
  await admin.mutate("sessions.end", { id: another.sessionId });
  await eventually(
    () => admin.query<Summary>("home.summary"),
    ({ archive }) => archive === "failing",
  );
});

// People hear of the end of their access in time, and the page of their assets shows it.
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import { noticeEnds } from "./notice-ends.ts";

const dayMs = 86_400_000;
let hub: TestHub;
let database: OpenDatabase;
let admin: TestClient;
let person: TestClient;
let personId: string;
let assetId: string;

beforeAll(async () => {
  hub = await TestHub.start();
  database = await openDatabase(
    { url: hub.databaseUrl },
    { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") },
  );
  admin = await hub.asAdmin();
  const agent = await hub.enrolAgent();
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  person = await hub.as("user", "granted");
  personId = (await person.query<{ me: { id: string } }>("auth.state")).me.id;
});
afterAll(async () => {
  await database.close();
  await hub[Symbol.asyncDispose]();
});

const inDays = (days: number) => new Date(Date.now() + days * dayMs);
/** The look of every minute, as it will be so many days from now. */
const lookIn = (days: number) => noticeEnds({ db: database.db, clock: { now: () => inDays(days) } });
const endingOf = async (client: TestClient, kind: string) =>
  (await client.query<{ items: { kind: string }[] }>("notices.inbox", { language: "en" })).items.filter(
    (item) => item.kind === kind,
  ).length;
const both = async () => [await endingOf(admin, "grant.ending"), await endingOf(person, "access.ending")];

test("an end is told of a week and a day before, once each, and another end anew", async () => {
  const grant = (expiresAt: Date) => ({ name: "audit", expiresAt: expiresAt.toISOString() });
  const id = await hub.grant(personId, [assetId], ["connect"], grant(inDays(10)));
  await lookIn(0);
  expect(await both()).toEqual([0, 0]);
  for (let n = 0; n < 3; n++) await lookIn(3.5);
  expect(await both()).toEqual([1, 1]);
  await Promise.all([lookIn(9.5), lookIn(9.5)]);
  expect(await both()).toEqual([2, 2]);
  await hub.sql`update grants set expires_at = ${inDays(20)} where id = ${id}`;
  await lookIn(14);
  expect(await both()).toEqual([3, 3]);
  await admin.mutate("access.revoke", { id, reason: "done" });
  await lookIn(19.5);
  expect(await both()).toEqual([3, 3]);
});

test("who grants for three days is told a day before, not that a week is not left", async () => {
  const before = await both();
  await hub.grant(personId, [assetId], ["connect"], { expiresAt: inDays(3).toISOString() });
  await lookIn(1);
  expect(await both()).toEqual(before);
  await lookIn(2.5);
  expect(await both()).toEqual(before.map((count) => count + 1));
});

test("an asset shows the first end by which its person may do less", async () => {
  const endsAt = async () =>
    (await person.query<{ items: { id: string; endsAt: string | null }[] }>("assets.list", {})).items.find(
      ({ id }) => id === assetId,
    )?.endsAt;
  await hub.sql`update grants set revoked_at = now() where id in (select grant_id from grant_subjects where subject_id = ${personId})`;
  const soon = inDays(5).toISOString();
  await hub.grant(personId, [assetId], ["connect", "upload"], { expiresAt: soon });
  expect(await endsAt()).toBe(soon);
  await hub.grant(personId, [assetId], ["connect"]);
  expect(await endsAt()).toBe(soon); // uploading ends
  await hub.grant(personId, [assetId], ["upload"], { expiresAt: inDays(30).toISOString() });
  expect(await endsAt()).toBeNull();
});

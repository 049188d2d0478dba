// Whoever runs the fleet hears of agents that stay away: once for each time, and once for a whole site.
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "../platform/database.ts";
import { TestHub } from "../testing/test-hub.ts";
import { noticeOffline, offlineForLongMs } from "./notice-offline.ts";

let hub: TestHub;
let database: OpenDatabase;
beforeAll(async () => {
  hub = await TestHub.start();
  database = await openDatabase(
    { url: hub.databaseUrl },
    { migrationsDir: path.resolve(import.meta.dirname, "../../migrations") },
  );
});
afterAll(async () => {
  await database.close();
  await hub[Symbol.asyncDispose]();
});

test("agents that stay away are one notice, told once until they were back", async () => {
  const admin = await hub.asAdmin();
  const user = await hub.as("user");
  const start = Date.now();
  const after = (ms: number) => noticeOffline({ db: database.db, clock: { now: () => new Date(start + ms) } }, new Date(start));
  const inbox = async (client = admin) =>
    (await client.query<{ items: { title: string; path: string }[] }>("notices.inbox", { language: "en" })).items;
  const ids = Array.from({ length: 12 }, () => newId("agt"));
  for (const id of ids)
    await hub.sql`insert into agents (id, org_id, zone_id, name, public_key, enrolled_at, last_seen_at)
      select ${id}, org_id, id, ${id}, ${id}, now(), ${new Date(start)} from zones limit 1`;
  await after(offlineForLongMs - 1_000);
  expect(await inbox()).toEqual([]);
  for (let n = 0; n < 3; n++) await after(offlineForLongMs + 1_000 + n);
  expect(await inbox()).toMatchObject([{ title: "12 agents have been offline for a while", table: { more: 2 }, path: "/fleet" }]);
  expect(await inbox(user)).toEqual([]);
  const [first = ""] = ids;
  await hub.sql`update agents set last_seen_at = ${new Date(start + 3_600_000)} where id = ${first}`;
  await after(3_600_000 + offlineForLongMs + 1_000);
  expect((await inbox())[0]).toMatchObject({ title: `Agent ${first} has been offline for a while`, path: `/fleet?id=${first}` });
  // A hub that was away itself could hear nobody.
  await hub.sql`update agents set offline_told_at = null`;
  await noticeOffline({ db: database.db, clock: { now: () => new Date(start + 3_700_000) } }, new Date(start + 3_690_000));
  expect(await inbox()).toHaveLength(2);
});

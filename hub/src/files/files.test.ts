// Uploads over real HTTP, their bytes on a real disk.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, TestClock } from "../testing/eventually.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
let operator: TestClient;

beforeAll(async () => {
  hub = await TestHub.start({ filesGigabytes: 1 }, { clock });
  admin = await hub.asAdmin();
  operator = await hub.as("user");
});
afterAll(() => hub[Symbol.asyncDispose]());

type Kept = { id: string; storedBytes: number; state: string; sha256: string | null };

const begin = async (who: TestClient, name: string, sizeBytes: number, visibility = "private") =>
  (await who.mutate<{ id: string }>("files.begin", { name, sizeBytes, visibility })).id;
const piece = (who: TestClient, id: string, offset: number, bytes: Uint8Array) =>
  fetch(`${hub.url}/api/v1/files/${id}/content?offset=${offset}`, {
    method: "PUT",
    headers: { origin: hub.url, ...who.headers },
    body: Buffer.from(bytes),
  });
const content = (who: TestClient, id: string, headers: Record<string, string> = {}) =>
  fetch(`${hub.url}/api/v1/files/${id}/content`, { headers: { ...who.headers, ...headers } });
const kept = async (bytes: Uint8Array, visibility = "private") => {
  const id = await begin(operator, "kept.bin", bytes.length, visibility);
  expect((await piece(operator, id, 0, bytes)).status).toBe(200);
  await operator.mutate("files.finish", { id });
  return id;
};

test("a file sent in pieces is the file that was sent; a piece in the wrong place is told the right one", async () => {
  const bytes = randomBytes(300_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const id = await begin(operator, "绝对 it's a file.bin", bytes.length);
  expect(await (await piece(operator, id, 0, bytes.subarray(0, 100_000))).json()).toEqual({ offset: 100_000 });
  const wrong = await piece(operator, id, 0, bytes.subarray(0, 100_000));
  expect([wrong.status, await wrong.json()]).toMatchObject([409, { code: "wrong-offset", facts: { offset: 100_000 } }]);
  await expect(operator.mutate("files.finish", { id })).rejects.toMatchObject({ code: "wrong-offset" });
  // What is more than was promised is left out.
  const rest = Buffer.concat([bytes.subarray(100_000), Buffer.from("more")]);
  expect(await (await piece(operator, id, 100_000, rest)).json()).toEqual({ offset: bytes.length });
  expect((await content(operator, id)).status).toBe(404);
  expect(await operator.mutate("files.finish", { id, sha256 })).toEqual({ sha256 });
  expect(await operator.mutate("files.finish", { id })).toEqual({ sha256 });
  const whole = await content(operator, id);
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  expect(whole.headers.get("content-disposition")).toBe(
    "attachment; filename*=UTF-8''%E7%BB%9D%E5%AF%B9%20it%27s%20a%20file.bin",
  );
  const middle = await content(operator, id, { range: "bytes=5-9" });
  expect([middle.status, Buffer.from(await middle.arrayBuffer()).equals(bytes.subarray(5, 10))]).toEqual([206, true]);
  expect((await piece(operator, id, 0, bytes)).status).toBe(409);
});

test("an upload whose connection was cut goes on from what arrived, and the one that hangs gives way", async () => {
  const bytes = randomBytes(2_000_000);
  const id = await begin(operator, "cut.bin", bytes.length);
  const hanging = http.request(`${hub.url}/api/v1/files/${id}/content?offset=0`, {
    method: "PUT",
    headers: { origin: hub.url, ...operator.headers, "content-length": bytes.length },
  });
  hanging.on("error", () => {}); // it is cut off, which is the point
  hanging.write(bytes.subarray(0, 700_000));
  // Nothing more comes on it; another connection of the same person asks where to go on and takes over.
  const goOn = async (): Promise<number> => {
    const { storedBytes } = await operator.query<Kept>("files.get", { id });
    const answer: { offset?: number; facts?: { offset: number } } = JSON.parse(
      await (await piece(operator, id, storedBytes, bytes.subarray(storedBytes, storedBytes + 1))).text(),
    );
    return answer.offset ?? answer.facts?.offset ?? 0;
  };
  const offset = await eventually(goOn, (at) => at > 0, { what: "some of it has arrived" });
  expect(offset).toBeLessThanOrEqual(700_001);
  const { storedBytes } = await operator.query<Kept>("files.get", { id });
  await hub.restart();
  expect((await piece(operator, id, storedBytes, bytes.subarray(storedBytes))).status).toBe(200);
  await operator.mutate("files.finish", { id });
  expect(Buffer.from(await (await content(operator, id)).arrayBuffer()).equals(bytes)).toBe(true);
  hanging.destroy();
});

test("what arrived and is not what was promised is thrown away", async () => {
  const id = await begin(operator, "wrong.bin", 3);
  await piece(operator, id, 0, Buffer.from("abc"));
  await expect(operator.mutate("files.finish", { id, sha256: "0".repeat(64) })).rejects.toMatchObject({ code: "wrong-hash" });
  await piece(operator, id, 0, Buffer.from("abd"));
  const sha256 = createHash("sha256").update("abd").digest("hex");
  expect(await operator.mutate("files.finish", { id, sha256 })).toEqual({ sha256 });
});

test("a private file is nobody else's, a shared one is there for all who may run it, and only its owner goes on with an upload", async () => {
  const other = await hub.as("user");
  const mine = await kept(Buffer.from("mine"));
  const ours = await kept(Buffer.from("ours"), "organisation");
  expect((await content(admin, mine)).status).toBe(404);
  expect((await content(other, ours)).status).toBe(200);
  expect(
    await hub.sql`select count(*)::int as n from audit_events where kind = 'file.downloaded' and subject_id = ${ours}`,
  ).toEqual([{ n: 1 }]);
  await expect(other.mutate("files.remove", { id: ours })).rejects.toMatchObject({ code: "forbidden" });
  await expect(other.mutate("files.remove", { id: mine })).rejects.toMatchObject({ code: "not-found" });
  await admin.mutate("files.remove", { id: ours });
  expect((await content(operator, ours)).status).toBe(404);
  expect(existsSync(path.join(hub.dataDir, "files", ours))).toBe(false);
  const coming = await begin(operator, "coming.bin", 5, "organisation");
  expect((await piece(other, coming, 0, Buffer.from("theft"))).status).toBe(404);
  await expect(admin.mutate("files.finish", { id: coming })).rejects.toMatchObject({ code: "not-found" });
});

test("names are names of files, and no more is promised than an organisation may keep", async () => {
  for (const name of ["../../etc/passwd", "a/b", "..", ".", "a\nb", ""])
    await expect(begin(operator, name, 1), name).rejects.toMatchObject({ code: "bad-input" });
  await expect(begin(operator, "large", 2 * 1024 ** 3 + 1)).rejects.toMatchObject({ code: "bad-input" });
  await expect(begin(operator, "large", 1024 ** 3)).rejects.toMatchObject({ code: "quota-reached" });
});

test("an upload that nobody goes on with for a day is removed, and so are bytes whose row is gone", async () => {
  const id = await begin(operator, "abandoned.bin", 10);
  await piece(operator, id, 0, Buffer.from("12345"));
  const folder = path.join(hub.dataDir, "files");
  const orphan = newId("fil");
  writeFileSync(path.join(folder, orphan), "bytes of nobody");
  const whole = await kept(Buffer.from("stays"));
  clock.advance(25 * 3_600_000);
  await hub.restart();
  const lying = await eventually(
    async () => readdirSync(folder),
    (names) => !names.includes(`${id}.part`) && !names.includes(orphan),
    { what: "the abandoned upload and the orphan are gone" },
  );
  expect(lying).toContain(whole);
  expect(await hub.sql`select count(*)::int as n from kept_files where id = ${id}`).toEqual([{ n: 0 }]);
});

// Closed logs in an object store: stored whole, fetched whole, and never believed. Against a real S3-speaking server on loopback.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHubKeys } from "../platform/hub-keys.ts";
import { eventually } from "../testing/eventually.ts";
import { S3Server } from "../testing/s3-server.ts";
import { doomedNoteOf, keyframesOf, logFileOf, storedNoteOf } from "./log-places.ts";
import { LogStore } from "./log-store.ts";
import { type S3Options, S3Store } from "./s3-store.ts";

const quiet = { onDurable: () => {}, onFailure: () => {} };
const header = { startedAt: new Date(0).toISOString(), columns: 80, rows: 24 };
const mebibyte = 1024 * 1024;

let server: S3Server;
let dataDir: string;
let stores: LogStore[];
beforeEach(async () => {
  server = await S3Server.start();
  dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-archive-"));
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await server[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(options: Partial<S3Options> & { cacheBytesMax?: number } = {}): Promise<LogStore> {
  const { cacheBytesMax = 100 * mebibyte, ...s3 } = options;
  const store = new LogStore(dataDir, { store: new S3Store({ ...server.options, ...s3 }), cacheBytesMax, onState: () => {} });
  stores.push(store);
  await store.start();
  return store;
}

/** A closed log of about so many bytes that do not compress. */
async function record(store: LogStore, bytes = 200_000): Promise<{ id: string; head: string; output: Buffer; file: string }> {
  const id = newId("ses");
  const log = await store.create(id, header, quiet);
  const output = randomBytes(bytes);
  for (let at = 0; at < bytes; at += 60_000) log.append("output", output.subarray(at, at + 60_000), at);
  await log.close();
  return { id, head: log.head ?? "", output, file: logFileOf(dataDir, id) };
}

const allStored = (store: LogStore) =>
  eventually(
    () => store.archive,
    (state) => state?.waiting === 0 && state.failure === null,
  );

async function outputOf(store: LogStore, id: string): Promise<Buffer> {
  const log = await store.open(id);
  try {
    const parts: Uint8Array[] = [];
    for await (const part of log.bytes("output", 0, Number.MAX_SAFE_INTEGER)) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  } finally {
    await log.close();
  }
}

test("a closed log is stored as it is, and read from the store when its copy is gone", async () => {
  const store = await open();
  const { id, head, output, file } = await record(store);
  await allStored(store);
  expect(readFileSync(server.fileOf(id))).toEqual(readFileSync(file));
  rmSync(file);
  expect(store.exists(id)).toBe(true);
  expect(await outputOf(store, id)).toEqual(output);
  expect(await store.verify(id, head)).toMatchObject({ state: "ok" });
});

test("a log that is still written stays here", async () => {
  const store = await open();
  const log = await store.create(newId("ses"), header, quiet);
  log.append("output", Buffer.from("so far"), 1);
  await log.flush();
  await record(store);
  await allStored(store);
  expect(server.objects).toHaveLength(1);
  await log.close();
  await eventually(
    () => server.objects.length,
    (count) => count === 2,
  );
});

test("ten readers at once cost one request", async () => {
  const store = await open();
  const { id, output, file } = await record(store);
  await allStored(store);
  rmSync(file);
  server.requests.length = 0;
  const read = await Promise.all(Array.from({ length: 10 }, () => outputOf(store, id)));
  expect(read.every((bytes) => bytes.equals(output))).toBe(true);
  expect(server.requests).toEqual(["GET"]);
});

test.each([
  ["has one bit less", (file: string) => flip(file), "altered"],
  ["has lost its end", (file: string) => truncateSync(file, 150_000), "truncated"],
  ["has grown", (file: string) => writeFileSync(file, "more", { flag: "a" }), "altered"],
  ["is somebody else's", (file: string) => writeFileSync(file, randomBytes(200_000)), "altered"],
])("what the store gives back and %s is not called whole", async (_, damage, state) => {
  const store = await open();
  const { id, head, file } = await record(store);
  await allStored(store);
  damage(server.fileOf(id));
  rmSync(file);
  expect((await store.verify(id, head)).state).toBe(state);
});

test("a store that sends without end is read up to the length that was noted", async () => {
  const store = await open();
  const { id, head, file } = await record(store);
  await allStored(store);
  writeFileSync(server.fileOf(id), Buffer.alloc(5 * mebibyte), { flag: "a" });
  rmSync(file);
  expect((await store.verify(id, head)).state).toBe("altered");
  expect(readFileSync(file).length).toBeLessThan(mebibyte);
});

test("while the store is away logs wait here, readers are told so, and all goes on when it is back", async () => {
  const store = await open();
  const gone = await record(store);
  await allStored(store);
  rmSync(gone.file);
  await server.stop();
  const waiting = await record(store);
  const state = await eventually(
    () => store.archive,
    (one) => one?.failure !== null,
  );
  expect(state).toMatchObject({ waiting: 1 });
  await expect(store.open(gone.id)).rejects.toMatchObject({ code: "storage-unreachable" });
  expect(await outputOf(store, waiting.id)).toEqual(waiting.output);
  await server.start();
  await allStored(store);
  expect(readFileSync(server.fileOf(waiting.id))).toEqual(readFileSync(waiting.file));
  expect(await outputOf(store, gone.id)).toEqual(gone.output);
});

test("an object that somebody removed from the bucket is said to be lost, not to come later", async () => {
  const store = await open();
  const { id, file } = await record(store);
  await allStored(store);
  rmSync(server.fileOf(id));
  rmSync(file);
  await expect(store.open(id)).rejects.toMatchObject({ code: "log-damaged" });
});

test("a wrong secret is said, without the secret, and costs no log", async () => {
  const store = await open({ secretAccessKey: "not-this-one" });
  const { id, output } = await record(store);
  const state = await eventually(
    () => store.archive,
    (one) => one?.failure !== null,
  );
  expect(state?.failure).toContain("SignatureDoesNotMatch");
  expect(JSON.stringify(state)).not.toContain("not-this-one");
  expect(await outputOf(store, id)).toEqual(output);
  expect(server.objects).toEqual([]);
});

test("a store whose certificate nobody vouches for gets nothing", async () => {
  const keys = await loadHubKeys(mkdtempSync(path.join(dataDir, "keys-")), null);
  let asked = 0;
  const impostor = https.createServer({ key: keys.keyPem, cert: keys.certPem }, (_, response) => {
    asked++;
    response.end();
  });
  await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
  try {
    const store = await open({ endpoint: `https://127.0.0.1:${(impostor.address() as AddressInfo).port}` });
    await record(store);
    const state = await eventually(
      () => store.archive,
      (one) => one?.failure !== null,
    );
    expect(state?.failure).toMatch(/CERT|certificate/i);
    expect(asked).toBe(0);
  } finally {
    impostor.close();
  }
});

test("copies beyond the cap are given up, the longest unused first; what was just asked for stays", async () => {
  const store = await open({ cacheBytesMax: mebibyte });
  const logs: Awaited<ReturnType<typeof record>>[] = [];
  for (let n = 0; n < 6; n++) logs.push(await record(store, 300_000));
  await allStored(store);
  for (const [n, { file }] of logs.entries()) utimesSync(file, n, n);
  const latest = await record(store, 300_000);
  await allStored(store);
  const here = await eventually(
    () => logs.map(({ file }) => existsSync(file)),
    (copies) => copies.filter(Boolean).length <= 3,
  );
  expect(here).toEqual([...here].sort()); // oldest gone, newest here
  expect(existsSync(latest.file)).toBe(true);
  for (const { id, output } of logs) expect(await outputOf(store, id)).toEqual(output);
});

test("retention removes the object too, also when the store comes back only later", async () => {
  const store = await open();
  const [first, second] = [await record(store), await record(store)];
  await allStored(store);
  writeFileSync(keyframesOf(first.file), "screens of it");
  await store.remove(first.id);
  expect(store.exists(first.id)).toBe(false);
  await eventually(
    () => server.objects.length,
    (count) => count === 1,
  );
  expect(existsSync(keyframesOf(first.file))).toBe(false);
  await server.stop();
  await store.remove(second.id);
  expect(store.exists(second.id)).toBe(false);
  expect(existsSync(doomedNoteOf(second.file))).toBe(true);
  await store.close();
  await server.start();
  await open(); // another process finds what is left to do
  await eventually(
    () => server.objects.length,
    (count) => count === 0,
  );
  await eventually(
    () => existsSync(doomedNoteOf(second.file)),
    (left) => !left,
  );
});

test("retention finds a log whose copy is gone, by the time it was written", async () => {
  const store = await open();
  const { id, file } = await record(store);
  const long = Date.now() / 1_000 - 1_000_000;
  await store.close();
  rmSync(storedNoteOf(file), { force: true });
  utimesSync(file, long, long);
  const again = await open();
  await allStored(again);
  rmSync(file);
  await again.open(id).then((log) => log.close()); // read today, and still as old as it is
  const found: string[] = [];
  for await (const one of again.untouchedSince("ses", Date.now() - 86_400_000)) found.push(one);
  expect(found).toEqual([id]);
});

function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[100_000] = (bytes[100_000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

test("a hub killed while it stores goes on with what is left", async () => {
  const local = new LogStore(dataDir);
  const logs: Awaited<ReturnType<typeof record>>[] = [];
  for (let n = 0; n < 12; n++) logs.push(await record(local, 2 * mebibyte));
  for (let round = 0; round < 3; round++) {
    const before = server.objects.length;
    const child = fork(path.join(import.meta.dirname, "../testing/store-logs.ts"), [dataDir, JSON.stringify(server.options)]);
    await eventually(
      () => server.objects.length,
      (count) => count > before,
    );
    child.kill("SIGKILL"); // somewhere in an upload, or between one and its note
    await new Promise((resolve) => child.once("exit", resolve));
  }
  const store = await open();
  await allStored(store);
  expect(server.objects).toHaveLength(12);
  for (const { id, file } of logs) expect(readFileSync(server.fileOf(id)).equals(readFileSync(file))).toBe(true);
  for (const { id, head } of logs) expect((await store.verify(id, head)).state).toBe("ok");
});

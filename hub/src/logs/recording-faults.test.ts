// Recordings under every cut and many flips: never called whole, replayed up to the damage, no crash.
// A sample here; all of it with RECORDING_FAULTS=all, which `node scripts/e2e/faults/recordings.mjs` sets.
import { generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LogFile } from "./log-file.ts";
import { LogWriter } from "./log-writer.ts";
import { HeadSigner } from "./signed-head.ts";
import { verifyLog } from "./verify-log.ts";

const all = process.env["RECORDING_FAULTS"] === "all";
const lastBytes = 64 * 1024;
const cutStep = all ? 1 : 97; // prime: over the runs of a file's layout it falls everywhere
const randomCuts = all ? 1_000 : 100;
const flips = all ? 1_000 : 100;
const hour = 3_600_000;

const signer = new HeadSigner(generateKeyPairSync("ed25519").privateKey);
const room = { mayGrow: true, took: () => {}, giveUpReserve: () => {} };
const id = newId("ses");
let folder: string;
let file: string;
let whole: Buffer;
let output: Buffer;
let ends: { at: number; output: number }[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-faults-"));
  file = path.join(folder, "whole.log");
  const header = { id, startedAt: new Date(0).toISOString(), columns: 80, rows: 24 };
  const log = await LogWriter.create(file, header, { onDurable: () => {}, onFailure: () => {} }, signer, room);
  const parts: Buffer[] = [];
  for (let n = 0; n < 60; n++) {
    const data = n % 2 === 0 ? randomBytes(randomInt(1, 8_000)) : Buffer.alloc(randomInt(1, 60_000), `line ${n}\r\n`);
    parts.push(data);
    log.append("output", data, n * 100);
    if (n % 7 === 0) log.resize(80 + n, 24, n * 100);
    await log.flush();
  }
  await log.close();
  whole = readFileSync(file);
  output = Buffer.concat(parts);
  const read = await LogFile.open(file);
  ends = read.chunks.map((chunk) => ({ at: chunk.position + chunk.bytes, output: chunk.output.offset + chunk.output.bytes }));
  await read.close();
  expect(await judge(file)).toBe("ok");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const judge = async (of: string) => (await verifyLog(of, { publicKey: signer.publicKey, id, head: null })).state;

/** What a player gets before it meets the damage; null when the file cannot be opened at all. */
async function played(of: string): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let log: LogFile | null = null;
  try {
    log = await LogFile.open(of);
    for await (const part of log.bytes("output", 0, log.bytesOf("output"))) parts.push(Buffer.from(part));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "log-damaged")) throw error;
  } finally {
    await log?.close();
  }
  return log === null ? null : Buffer.concat(parts);
}

async function tryCut(cut: string, size: number, read: boolean): Promise<string> {
  truncateSync(cut, size);
  const kept = ends.filter(({ at }) => at <= size).at(-1)?.output ?? 0;
  if (read) {
    const bytes = await played(cut);
    if (bytes === null ? kept > 0 : !bytes.equals(output.subarray(0, kept))) throw new Error(`cut at ${size}: replay differs`);
  }
  const said = await judge(cut);
  if (said !== "truncated") throw new Error(`cut at ${size}: ${said}`);
  return said;
}

test("cut at each byte of the last 64 KiB: truncated, and replayed to the last whole chunk", { timeout: hour }, async () => {
  const cut = path.join(folder, "cut.log");
  copyFileSync(file, cut);
  expect(whole.length).toBeGreaterThan(lastBytes);
  const borders = new Set(ends.flatMap(({ at }) => [at - 1, at, at + 1]));
  let tried = 0;
  for (let size = whole.length - 1; size >= whole.length - lastBytes; size--) {
    if (size % cutStep !== 0 && !borders.has(size)) continue;
    await tryCut(cut, size, size % (all ? 16 : 4) === 0 || borders.has(size));
    tried++;
  }
  console.info(`recordings | cuts in the last 64 KiB | ${tried} | 0 called whole`);
});

test("cut anywhere: truncated, and replayed to the last whole chunk", { timeout: hour }, async () => {
  const cut = path.join(folder, "anywhere.log");
  for (let n = 0; n < randomCuts; n++) {
    writeFileSync(cut, whole);
    await tryCut(cut, randomInt(whole.length), true);
  }
  console.info(`recordings | cuts anywhere | ${randomCuts} | 0 called whole`);
});

test("with any bit flipped: truncated or altered, and what plays is what was printed", { timeout: hour }, async () => {
  const flipped = path.join(folder, "flipped.log");
  const counts: Record<string, number> = {};
  for (let n = 0; n < flips; n++) {
    const bytes = Buffer.from(whole);
    // Every tenth in the signed head, which is a small part of the file.
    const at = n % 10 === 0 ? randomInt(ends.at(-1)?.at ?? 0, whole.length) : randomInt(whole.length);
    const bit = randomInt(8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    writeFileSync(flipped, bytes);
    const said = await judge(flipped);
    if (said !== "truncated" && said !== "altered") throw new Error(`bit ${bit} of byte ${at}: ${said}`);
    counts[said] = (counts[said] ?? 0) + 1;
    const got = await played(flipped);
    if (got !== null && !got.equals(output.subarray(0, got.length)))
      throw new Error(`bit ${bit} of byte ${at}: other bytes played`);
  }
  console.info(`recordings | bit flips | ${flips} | 0 called whole | ${JSON.stringify(counts)}`);
});

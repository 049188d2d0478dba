// Logs: what went in comes out, and what was cut or changed is never called whole.

import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { newId } from "@sallyport/protocol/ids";
import { logEventKinds } from "@sallyport/protocol/log-events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { chunkBytesMin, magic, payloadBytesMax } from "./chunk.ts";
import { type Channel, LogFile } from "./log-file.ts";
import { checkpointOf } from "./log-places.ts";
import { LogStore } from "./log-store.ts";
import { LogWriter } from "./log-writer.ts";
import { HeadSigner } from "./signed-head.ts";
import { type Integrity, verifyLog } from "./verify-log.ts";

const quiet = { onDurable: () => {}, onFailure: () => {} };
const header = { id: "ses_test", startedAt: new Date(0).toISOString(), columns: 80, rows: 24 };

const { privateKey } = generateKeyPairSync("ed25519");
const signer = new HeadSigner(privateKey);
const room = { mayGrow: true, took: () => {}, giveUpReserve: () => {} };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-logs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let file: string;
beforeEach(() => {
  file = path.join(folder, `${newId("log")}.log`);
});

async function collect(parts: AsyncGenerator<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(Buffer.from(part));
  return Buffer.concat(all);
}

/** A log of some chunks, each with both channels; returns what was appended and the head. */
async function written(chunks: number, bytes: number, to = file): Promise<{ output: Buffer; stderr: Buffer; head: string }> {
  const log = await LogWriter.create(to, header, quiet, signer, room);
  const all: Record<Channel, Buffer[]> = { output: [], stderr: [] };
  for (let n = 0; n < chunks; n++) {
    for (const channel of ["output", "stderr"] as const) {
      const data = n % 3 === 0 ? Buffer.alloc(randomInt(bytes), `line ${n} `) : randomBytes(randomInt(bytes));
      all[channel].push(data);
      log.append(channel, data, n * 10);
    }
    await log.flush();
  }
  await log.close();
  return { output: Buffer.concat(all.output), stderr: Buffer.concat(all.stderr), head: log.head };
}

async function reading<T>(read: (log: LogFile) => Promise<T>, from = file): Promise<T> {
  const log = await LogFile.open(from);
  try {
    return await read(log);
  } finally {
    await log.close();
  }
}

const verdict = async (head: string | null, from = file): Promise<Integrity> =>
  (await verifyLog(from, { publicKey: signer.publicKey, id: null, head })).state;

describe("what was appended", () => {
  test("is read back byte for byte, by any range, with resizes in their places", async () => {
    const log = await LogWriter.create(file, header, quiet, signer, room);
    const all: Record<Channel, Buffer[]> = { output: [], stderr: [] };
    for (let n = 0; n < 400; n++) {
      const channel = n % 5 === 0 ? "stderr" : "output";
      const data = randomBytes(randomInt(n % 50 === 0 ? 200_000 : 3_000));
      all[channel].push(data);
      log.append(channel, data, n);
      if (n % 40 === 0) log.resize(80 + n, 24, n);
      if (n % 60 === 0) await log.flush();
    }
    await log.close();
    const whole = { output: Buffer.concat(all.output), stderr: Buffer.concat(all.stderr) };
    await reading(async (read) => {
      expect(await verdict(log.head)).toBe("ok");
      for (const channel of ["output", "stderr"] as const) {
        expect(read.bytesOf(channel)).toBe(whole[channel].length);
        for (let n = 0; n < 60; n++) {
          const from = randomInt(whole[channel].length);
          const to = n % 10 === 0 ? whole[channel].length + 5 : from + randomInt(150_000);
          expect((await collect(read.bytes(channel, from, to))).equals(whole[channel].subarray(from, to))).toBe(true);
        }
      }
      const resizes: number[] = [];
      for (let n = 0; n < read.chunks.length; n++)
        for (const event of await read.events(n)) if (event.kind === logEventKinds.resize) resizes.push(event.atMs);
      expect(resizes).toEqual(Array.from({ length: 10 }, (_, n) => n * 40));
    });
  });

  test("is durable before it is said to be", async () => {
    const said: [number, number][] = [];
    const log = await LogWriter.create(
      file,
      header,
      {
        onFailure: () => {},
        onDurable: (output, stderr) => {
          const read = readFileSync(file);
          expect(read.length).toBeGreaterThan(chunkBytesMin);
          said.push([output, stderr]);
        },
      },
      signer,
      room,
    );
    log.append("output", Buffer.from("hello"), 1);
    log.append("stderr", Buffer.from("err"), 1);
    await eventually(
      () => said.length,
      (times) => times > 0,
    );
    expect(said.at(-1)).toEqual([5, 3]);
    expect((await reading((read) => collect(read.bytes("output", 0, 5)))).toString()).toBe("hello");
    await log.close();
  });

  test("is durable soon, also what came while an earlier chunk was being written and its timer ran out", async () => {
    const log = await LogWriter.create(file, header, quiet, signer, room);
    log.append("output", Buffer.from("a"), 1); // its timer: 100 ms
    log.append("output", randomBytes(64 * 1024), 1); // a chunk's worth: written at once
    log.append("output", Buffer.from("z"), 1); // waits for the next chunk
    for (const from = performance.now(); performance.now() - from < 150; ); // the timer is due before the write can be heard of
    await eventually(
      () => log.durable("output"),
      (durable) => durable === 64 * 1024 + 2,
    );
    await log.close();
  });

  test("keeps its order when the clock goes back, or far ahead", async () => {
    const log = await LogWriter.create(file, header, quiet, signer, room);
    const times = [1_000, 5_000, 2_000, -4_000, 2 ** 45, 6_000];
    for (const [n, at] of times.entries()) log.append("output", Buffer.from(String(n)), at);
    await log.close();
    await reading(async (read) => {
      const events = (await Promise.all(read.chunks.map((_, n) => read.events(n)))).flat();
      expect(Buffer.concat(events.map(({ data }) => data)).toString()).toBe("012345");
      const at = events.map(({ atMs }) => atMs);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(await verdict(log.head)).toBe("ok");
    });
  });

  test("goes on after a restart in the same chain, from the last whole chunk", async () => {
    const before = await written(5, 2_000);
    const half = readFileSync(file);
    writeFileSync(file, Buffer.concat([half, half.subarray(half.length - 300, half.length - 100)])); // what a crash leaves
    const log = await LogWriter.reopen(file, quiet, signer, room);
    expect([log.end("output"), log.end("stderr")]).toEqual([before.output.length, before.stderr.length]);
    expect(log.head).toBe(before.head);
    log.append("output", Buffer.from("after"), 10);
    await log.close();
    await reading(async (read) => {
      expect(await verdict(log.head)).toBe("ok");
      expect((await collect(read.bytes("output", before.output.length, before.output.length + 10))).toString()).toBe("after");
      expect(await verdict(before.head)).not.toBe("ok");
    });
  });
});

describe("a log that was cut", () => {
  test("at any byte of its last 4 KiB plays up to the last whole chunk, and is not called whole", {
    timeout: 60_000,
  }, async () => {
    const { output, head } = await written(12, 700);
    const whole = readFileSync(file);
    const ends = await reading(async (log) =>
      log.chunks.map((chunk) => ({ at: chunk.position + chunk.bytes, bytes: chunk.output })),
    );
    const cut = path.join(folder, "cut.log");
    copyFileSync(file, cut);
    for (let size = whole.length - 1; size >= Math.max(ends[0]?.at ?? 0, whole.length - 4_096); size--) {
      truncateSync(cut, size); // shorter each time
      const last = ends.filter(({ at }) => at <= size).at(-1);
      const kept = (last?.bytes.offset ?? 0) + (last?.bytes.bytes ?? 0);
      await reading(async (log) => {
        if (log.bytesOf("output") !== kept) throw new Error(`cut at ${size}: ${log.bytesOf("output")} bytes, expected ${kept}`);
        if (size % 50 === 0 && !(await collect(log.bytes("output", 0, kept))).equals(output.subarray(0, kept)))
          throw new Error(`cut at ${size}: other bytes`);
        if (!["truncated", "altered"].includes(await verdict(head, cut))) throw new Error(`cut at ${size}: called whole`);
      }, cut);
    }
  });

  test("in its header is damaged, and says so", async () => {
    await written(2, 100);
    for (const size of [0, 5, magic.length, magic.length + 4, magic.length + 20]) {
      const cut = path.join(folder, `${newId("cut")}.log`);
      writeFileSync(cut, readFileSync(file).subarray(0, size));
      await expect(LogFile.open(cut)).rejects.toMatchObject({ code: "log-damaged" });
    }
  });
});

describe("a log that was changed", () => {
  test("in any of 300 random bits is never called whole, and no read goes astray", async () => {
    const { head } = await written(10, 1_500);
    const whole = readFileSync(file);
    const flipped = path.join(folder, "flipped.log");
    for (let n = 0; n < 300; n++) {
      const at = randomInt(whole.length);
      const copy = Buffer.from(whole);
      copy[at] = (copy[at] ?? 0) ^ (1 << randomInt(8));
      writeFileSync(flipped, copy);
      expect(await verdict(head, flipped), `bit of byte ${at}`).not.toBe("ok");
    }
  });

  test("by swapping, repeating or leaving out chunks is not called whole", async () => {
    const { head } = await written(6, 500);
    const whole = readFileSync(file);
    const spans = await reading(async (log) =>
      log.chunks.map(({ position, bytes }) => whole.subarray(position, position + bytes)),
    );
    const start = whole.subarray(0, whole.length - Buffer.concat(spans).length);
    const changed = [
      spans.toSpliced(2, 1),
      spans.toSpliced(0, 1),
      spans.with(1, spans[2] ?? start).with(2, spans[1] ?? start),
      spans.toSpliced(3, 0, spans[3] ?? start),
      spans.slice(0, -1),
      [],
    ];
    for (const chunks of changed) {
      writeFileSync(file, Buffer.concat([start, ...chunks]));
      expect(await verdict(head)).not.toBe("ok");
    }
  });

  test("with another log's chunks behind its header is not called whole", async () => {
    const { head } = await written(3, 300);
    const other = path.join(folder, `${newId("other")}.log`);
    const made = await written(3, 300, other);
    copyFileSync(other, file);
    expect(await verdict(head)).not.toBe("ok");
    expect(made.head).not.toBe(head);
  });

  test("to claim gigabytes allocates nothing", async () => {
    await written(2, 300);
    const whole = readFileSync(file);
    const position = await reading(async (log) => log.chunks[0]?.position ?? 0);
    const before = process.memoryUsage();
    for (const claim of [0xffff_ffff, 0x7fff_ffff, payloadBytesMax * 4]) {
      for (const at of [position, position + 5]) {
        const copy = Buffer.from(whole);
        copy.writeUInt32BE(claim, at);
        writeFileSync(file, copy);
        await reading(async (log) => {
          expect(log.chunks).toHaveLength(0);
          expect(await collect(log.bytes("output", 0, 1_000_000))).toHaveLength(0);
        });
      }
      const headed = Buffer.from(whole);
      headed.writeUInt32BE(claim, magic.length);
      writeFileSync(file, headed);
      await expect(LogFile.open(file)).rejects.toMatchObject({ code: "log-damaged" });
    }
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1024 * 1024);
  });
});

describe("a signed head", () => {
  const copyTo = (name: string) => path.join(folder, `${newId(name)}.log`);
  const sealAt = async () => reading(async (log) => log.end);

  test("damaged in any bit, or cut at any byte, never says ok", async () => {
    const { head } = await written(3, 300);
    const whole = readFileSync(file);
    const from = await sealAt();
    const other = copyTo("head");
    for (let at = from; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      for (const bytes of [flipped, whole.subarray(0, at)]) {
        writeFileSync(other, bytes);
        expect(["truncated", "altered"], `byte ${at - from} of the head`).toContain(
          await verdict(at % 2 === 0 ? head : null, other),
        );
      }
    }
    writeFileSync(other, Buffer.concat([whole, Buffer.from([0])]));
    expect(await verdict(null, other)).toBe("altered");
  });

  test("of another log, of the same log earlier, or by another key is altered", async () => {
    await written(3, 300);
    const early = readFileSync(file).subarray(await sealAt());
    const log = await LogWriter.reopen(file, quiet, signer, room);
    log.append("output", Buffer.from("more"), 1_000);
    await log.close();
    expect(await verdict(null)).toBe("ok");
    const body = readFileSync(file).subarray(0, await sealAt());
    const other = copyTo("swap");
    await written(3, 300, other);
    const foreign = await reading(async (read) => readFileSync(other).subarray(read.end), other);
    const forger = new HeadSigner(generateKeyPairSync("ed25519").privateKey);
    const resigned = await LogWriter.reopen(other, quiet, forger, room);
    await resigned.close();
    expect(await verdict(null, other)).toBe("altered");
    for (const head of [early, foreign]) {
      writeFileSync(file, Buffer.concat([body, head]));
      expect(await verdict(null)).toBe("altered");
    }
  });

  test("makes a recording under another's name altered", async () => {
    await written(2, 300);
    const expected = { publicKey: signer.publicKey, head: null };
    expect((await verifyLog(file, { ...expected, id: header.id })).state).toBe("ok");
    expect((await verifyLog(file, { ...expected, id: newId("ses") })).state).toBe("altered");
  });

  test("is there while the log is open, as a checkpoint: less than it is truncated, more is open and never ok", async () => {
    const log = await LogWriter.create(file, header, quiet, signer, room);
    expect(await verdict(null)).toBe("open");
    for (let n = 0; n < 3; n++) {
      log.append("output", randomBytes(500), n);
      await log.flush();
    }
    const crashed = copyTo("crashed");
    copyFileSync(file, crashed); // what kill -9 leaves: the checkpoint of a moment, and more chunks behind it
    copyFileSync(checkpointOf(file), checkpointOf(crashed));
    expect(await verdict(null, crashed)).toBe("open");
    const again = await LogWriter.reopen(crashed, quiet, signer, room); // signs for what it found
    const { position } = await reading(async (read) => read.chunks.at(-1) ?? { position: 0 }, crashed);
    for (const size of [position, position + 100]) {
      truncateSync(crashed, size);
      expect(await verdict(null, crashed)).toBe("truncated");
    }
    await expect(LogWriter.reopen(crashed, quiet, signer, room)).rejects.toMatchObject({ code: "log-damaged" });
    await again.close();
    await log.close();
    expect(existsSync(checkpointOf(file))).toBe(false);
    expect(await verdict(null)).toBe("ok");
    truncateSync(file, await sealAt());
    expect(await verdict(null)).toBe("truncated");
  });

  test("is put by the store on what a dead process left, and never on what is being written", async () => {
    const data = mkdtempSync(path.join(folder, "data-"));
    const dead = newId("ses");
    const before = await new LogStore(data).create(dead, header, quiet);
    before.append("output", Buffer.from("last words"), 1);
    await before.flush();
    const store = new LogStore(data); // the next process
    expect((await store.verify(dead, null)).state).toBe("open");
    const head = await store.seal(dead);
    expect((await store.verify(dead, head)).state).toBe("ok");
    expect((await store.verify(dead, "0".repeat(64))).state).toBe("altered");
    const live = newId("ses");
    const writer = await store.create(live, header, quiet);
    expect(await store.seal(live)).toBeNull();
    await writer.close();
    await before.close();
  });
});

describe("the store", () => {
  test.each([
    "../../etc/passwd",
    "ses_../../../../../../../../x",
    "keys",
    "",
    "ses_",
    `${newId("ses")}/../x`,
    `${newId("ses")}\0`,
    newId("agt"),
  ])("makes no path of %j", (id) => {
    expect(() => new LogStore(folder).fileOf(id)).toThrow();
  });
});

const canMount = (() => {
  if (process.getuid?.() !== 0) return false;
  try {
    const at = mkdtempSync(path.join(os.tmpdir(), "sallyport-mount-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at], { stdio: "ignore" });
    execFileSync("umount", [at]);
    rmSync(at, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!canMount)("a full disk (skipped without root and mount: a tmpfs of one megabyte stands for it)", () => {
  let disk: string;
  beforeAll(() => {
    disk = mkdtempSync(path.join(os.tmpdir(), "sallyport-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  });
  afterAll(() => {
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  test("refuses new logs with storage-full", async () => {
    await expect(new LogStore(disk).create(newId("ses"), header, quiet)).rejects.toMatchObject({ code: "storage-full" });
  });

  test("lets a script's output wait, without credit, and all of it is there once there is room", async () => {
    mkdirSync(path.join(disk, "logs"), { recursive: true });
    const file = path.join(disk, "logs", "waits.log");
    const failures: string[] = [];
    const log = await LogWriter.create(
      file,
      header,
      { onDurable: () => {}, onFailure: (error) => failures.push(error.message), withoutRoom: "wait" },
      signer,
      room,
    );
    const filler = path.join(disk, "filler");
    expect(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024))).toThrow("ENOSPC");
    const data = randomBytes(700_000);
    for (let at = 0; at < data.length; at += 50_000) log.append("output", data.subarray(at, at + 50_000), at);
    await log.flush(); // does not wait for room
    expect(log.durable("output")).toBe(0);
    for (let n = 0; log.hasRoom && n < 100; n++) log.append("stderr", Buffer.alloc(60_000), 1_000_000);
    expect(log.hasRoom).toBe(false);
    rmSync(filler);
    await eventually(
      () => log.durable("output"),
      (durable) => durable === data.length,
    );
    expect((await reading((read) => collect(read.bytes("output", 0, data.length)), file)).equals(data)).toBe(true);
    await log.close();
    expect(await verdict(log.head, file)).toBe("ok");
    rmSync(file);
    expect(failures).toEqual([]);
  });

  test("ends a terminal's log while there is still room to write its last words and sign for them", async () => {
    mkdirSync(path.join(disk, "logs"), { recursive: true });
    const file = path.join(disk, "logs", "ends.log");
    let failed = 0;
    const scarce = { mayGrow: false, took: () => {}, giveUpReserve: () => {} };
    const events = { onDurable: () => {}, onFailure: () => failed++ };
    const log = await LogWriter.create(file, header, events, signer, scarce);
    log.append("output", Buffer.from("last "), 1);
    await log.flush();
    expect(failed).toBe(1);
    log.append("output", Buffer.from("words"), 2); // came before the session had ended
    await log.close();
    expect(failed).toBe(1);
    expect((await reading((read) => collect(read.bytes("output", 0, 10)), file)).toString()).toBe("last words");
    expect(await verdict(log.head, file)).toBe("ok");
    rmSync(file);
  });

  test("ends a running log with a failure, and what was durable stays whole and readable", async () => {
    mkdirSync(path.join(disk, "logs"), { recursive: true });
    const full = path.join(disk, "logs", "full.log");
    const failures: string[] = [];
    let durable = 0;
    const log = await LogWriter.create(
      full,
      header,
      {
        onDurable: (output) => {
          durable = output;
        },
        onFailure: (error) => failures.push("code" in error ? String(error.code) : ""),
      },
      signer,
      room,
    );
    const sent = createHash("sha256");
    const all: Buffer[] = [];
    for (let n = 0; n < 40 && failures.length === 0; n++) {
      const data = randomBytes(60_000);
      all.push(data);
      sent.update(data);
      log.append("output", data, n);
      await log.flush();
    }
    expect(failures).toEqual(["ENOSPC"]);
    expect(log.failed).toBe(true);
    await reading(async (read) => {
      expect(read.bytesOf("output")).toBe(durable);
      expect((await collect(read.bytes("output", 0, durable))).equals(Buffer.concat(all).subarray(0, durable))).toBe(true);
    }, full);
    await log.close();
    expect(await verdict(log.head, full)).toBe("ok"); // cut back to its last whole chunk, and signed there
  });
});

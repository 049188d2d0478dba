// `sallyport audit verify` as people run it: on a database of their own, on the embedded one, and with what witnesses have kept.
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../platform/database.ts";
import { embeddedUser, startEmbeddedPostgres } from "../platform/embedded-postgres.ts";
import { loadEvidenceKey } from "../platform/evidence-key.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { CheckpointSigner } from "./checkpoint.ts";
import { CheckpointFile, checkpointFile } from "./checkpoint-file.ts";
import { Checkpoints } from "./checkpoints.ts";
import { recordAudit } from "./record-audit.ts";

const migrationsDir = path.resolve(import.meta.dirname, "../../migrations");
type Answer = { code: number; out: string; err: string };

const verify = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> =>
  new Promise((resolve) => {
    const program = path.resolve(import.meta.dirname, "../../dist/audit-verify.js");
    execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

/** Two organisations with some hundred events, signed twice, the second time to the end. */
async function fill(connection: Parameters<typeof openDatabase>[0], dataDir: string): Promise<void> {
  const database = await openDatabase(connection, { migrationsDir });
  const signer = new CheckpointSigner(loadEvidenceKey(dataDir), "hub_test");
  const file = await CheckpointFile.open(dataDir);
  const deps = { db: database.db, clock: { now: () => new Date() }, signer, file };
  const checkpoints = await Checkpoints.start(deps);
  for (let round = 0; round < 2; round++) {
    for (const orgId of ["org_a", "org_b"])
      await database.db.transaction(async (tx) => {
        for (let n = 0; n < 60; n++)
          await recordAudit(tx, {
            kind: "zone.renamed",
            orgId,
            actor: null,
            subject: null,
            ip: null,
            data: { before: "a", after: `${n}` },
          });
      });
    await checkpoints.takeAll();
  }
  await file.close();
  await database.close();
}

describe("on a database of one's own", () => {
  let held: TestDatabase;
  let dataDir: string;
  let file: string;
  const run = (...args: string[]) => verify(["--data", dataDir, "--database", held.url, ...args]);
  beforeAll(async () => {
    held = await createTestDatabase();
    dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-verify-"));
    file = checkpointFile(dataDir);
    await fill({ url: held.url }, dataDir);
    copyFileSync(file, `${file}.whole`);
    await held.sql.unsafe(
      "create table saved_events as select * from audit_events; create table saved_checkpoints as select * from audit_checkpoints",
    );
  });
  afterAll(async () => {
    await held.sql.end();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const restored = async () => {
    copyFileSync(`${file}.whole`, file);
    await held.sql.unsafe(`truncate audit_events; truncate audit_checkpoints;
      insert into audit_events select * from saved_events; insert into audit_checkpoints select * from saved_checkpoints`);
  };

  test("what was written is ok, with exit code 0, also by DATABASE_URL and by a key given as a file", async () => {
    expect(await run()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok {2}org_a {2}120 events, signed to 120 at .*\nok {2}org_b {2}120 events/),
    });
    expect((await verify(["--data", dataDir], { DATABASE_URL: held.url })).code).toBe(0);
    const key = path.join(dataDir, "keys", "evidence-key.pub");
    const away = await verify(["--database", held.url, "--key", key, "--data", "/nowhere", "--json"]);
    expect(away).toMatchObject({ code: 0, err: expect.stringContaining("found by witnesses alone") });
    expect(JSON.parse(away.out.split("\n")[0] ?? "")).toMatchObject({ org: "org_a", state: "ok", events: 120, signedSeq: 120 });
  });

  test("each verdict has its word and exit code 1", async () => {
    await held.sql`update audit_events set data = '{"before":"a","after":"else"}' where org_id = 'org_a' and seq = 31`;
    expect(await run()).toMatchObject({ code: 1, out: expect.stringMatching(/^altered at seq 31 {2}org_a/) });
    await restored();
    await held.sql`delete from audit_events where org_id = 'org_b' and seq > 100`;
    expect(await run()).toMatchObject({ code: 1, out: expect.stringMatching(/\ntruncated {2}org_b {2}100 events/) });
    await held.sql`delete from audit_checkpoints where org_id = 'org_b' and seq > 100`;
    expect(await run()).toMatchObject({ code: 1, out: expect.stringMatching(/\nrolled-back {2}org_b {2}100 events/) });
    await restored();
  });

  test("a file of checkpoints that was cut, changed or forged is found", async () => {
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.slice(1).join("\n"));
    expect(await run()).toMatchObject({ code: 1, out: expect.stringContaining("truncated") });
    writeFileSync(file, lines.join("\n").replace('"seq":60', '"seq":61'));
    expect(await run()).toMatchObject({ code: 1, out: expect.stringContaining("altered") });
    writeFileSync(file, `${lines.join("\n")}not a checkpoint\n`);
    expect(await run()).toMatchObject({ code: 1, out: expect.stringContaining("altered") });
    await restored();
  });

  test("what is not signed yet is said, with exit code 3", async () => {
    const database = await openDatabase({ url: held.url }, { migrationsDir });
    await database.db.transaction((tx) =>
      recordAudit(tx, { kind: "zone.created", orgId: "org_a", actor: null, subject: null, ip: null, data: {} }),
    );
    await database.close();
    expect(await run()).toMatchObject({ code: 3, out: expect.stringMatching(/^open {2}org_a {2}121 events, signed to 120/) });
    await restored();
  });

  test("a witness finds the older database and folder that all else agrees on, and only with the hub's signature", async () => {
    const heads = path.join(dataDir, "witness");
    copyFileSync(file, heads);
    await held.sql`delete from audit_events where seq > 60`;
    await held.sql`delete from audit_checkpoints where seq > 60`;
    writeFileSync(
      file,
      readFileSync(file, "utf8")
        .split("\n")
        .slice(0, 2)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect((await run()).code).toBe(0);
    expect(await run("--heads", heads)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^rolled-back {2}org_a {2}60 events/),
    });
    writeFileSync(heads, readFileSync(heads, "utf8").replaceAll('"seq":120', '"seq":130'));
    expect(await run("--heads", heads)).toMatchObject({
      code: 3,
      err: expect.stringContaining("2 lines of witnesses are no heads"),
    });
    await restored();
  });

  test("another hub's key says that it is another's", async () => {
    const key = path.join(dataDir, "other.pub");
    writeFileSync(key, generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }));
    expect(await run("--key", key)).toMatchObject({ code: 1, out: expect.stringContaining("made with another key") });
  });

  test.each([
    [["--data", "/nowhere"], "no data folder"],
    [["--database", "postgres://localhost:1/none", "--key", "/nowhere"], "not a public key"],
    [["--heads", "/nowhere", "--data", "{dataDir}"], "no file /nowhere"],
    [["--bogus"], "--bogus"],
  ])("a wrong command %j says what is wrong, with exit code 2", async (args, why) => {
    const answer = await verify(args.map((arg) => arg.replace("{dataDir}", dataDir)));
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining(why) });
  });
});

test("on the embedded database it starts the server itself, holds the folder, and stops it again", async () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "sallyport-embedded-"));
  try {
    const server = await startEmbeddedPostgres(dataDir);
    await fill({ socketDir: server.socketDir, user: embeddedUser }, dataDir);
    await server.stop();
    expect(await verify(["--data", dataDir])).toMatchObject({ code: 0, out: expect.stringContaining("ok  org_b  120 events") });
    expect(existsSync(path.join(dataDir, "hub.lock"))).toBe(false);
    expect(existsSync(path.join(dataDir, "postgres", "postmaster.pid"))).toBe(false);
    // A hub that runs holds the folder: the verifier does not touch its database.
    const start = readFileSync(`/proc/${process.pid}/stat`, "latin1")
      .replace(/^.*\) /, "")
      .split(" ")[19];
    writeFileSync(path.join(dataDir, "hub.lock"), `${process.pid} ${start}\n`);
    expect(await verify(["--data", dataDir])).toMatchObject({ code: 2, err: expect.stringContaining("in use by another hub") });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

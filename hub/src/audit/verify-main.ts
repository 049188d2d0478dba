// `sallyport audit verify`: the audit log checked from its database, its file and its witnesses. Needs no hub, and changes nothing.
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { sql } from "drizzle-orm";
import { databaseUrlOfEnvironment } from "../platform/config.ts";
import { lockDataFolder } from "../platform/data-lock.ts";
import { type Database, openForReading } from "../platform/database.ts";
import { embeddedUser, startEmbeddedPostgres } from "../platform/embedded-postgres.ts";
import { HubError } from "../platform/errors.ts";
import { keyIdOf, readEvidencePublicKey } from "../platform/evidence-key.ts";
import { type Checkpoint, judgeSignature } from "./checkpoint.ts";
import { checkpointFile, readCheckpointLines } from "./checkpoint-file.ts";
import { type AuditState, type AuditVerdict, verifyAuditLog } from "./verify-audit.ts";

/** 0 all ok · 1 something is truncated, altered or rolled back · 3 nothing is wrong, but not everything is signed. 2 is a wrong command. */
const exitCodes: Record<AuditState, number> = { ok: 0, open: 3, truncated: 1, "rolled-back": 1, altered: 1 };

/** What one witness may bring: an agent keeps some 430 lines. */
const headsMax = 100_000;

class Refusal extends Error {}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      database: { type: "string" },
      key: { type: "string" },
      heads: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  const url = values.database ?? databaseUrlOfEnvironment();
  const dataDir = path.resolve(values.data ?? "data");
  const hasFolder = existsSync(path.join(dataDir, "keys"));
  if (url === null && !hasFolder)
    throw new Refusal(`${dataDir} is no data folder of a hub. Name it with --data, or a database with --database.`);
  const publicKey = readKey(values.key, dataDir);
  const file = hasFolder ? checkpointFile(dataDir) : null;
  const { heads, unsigned } = await readHeads(values.heads, publicKey);
  const verdicts = await withDatabase(url, dataDir, async (db) => {
    const [row] = await db.execute<{ there: boolean }>(sql`select to_regclass('audit_checkpoints') is not null as there`);
    if (row?.there !== true)
      throw new Refusal("This database knows no checkpoints yet: start the hub of this version on it once.");
    return verifyAuditLog(db, { publicKey, file, heads, org: null });
  });
  for (const verdict of verdicts) process.stdout.write(`${values.json ? JSON.stringify(verdict) : line(verdict)}\n`);
  const notes = [
    ...(file === null || !existsSync(file)
      ? ["Without the data folder's file of checkpoints, an older database is found by witnesses alone."]
      : []),
    ...(values.heads.length === 0 ? [] : [`${heads.length} heads of witnesses compared.`]),
    ...(unsigned === 0 ? [] : [`${unsigned} lines of witnesses are no heads that this key signed; they were not compared.`]),
  ];
  process.stderr.write(`${[`${verdicts.length} chains.`, ...notes].join(" ")} Key ${keyIdOf(publicKey)}.\n`);
  const worst = verdicts.map(({ state }) => exitCodes[state]);
  return worst.includes(1) ? 1 : worst.includes(3) || unsigned > 0 ? 3 : 0;
}

/** The embedded database is started as the hub does, holding the folder's lock so that no hub starts meanwhile. */
async function withDatabase<T>(url: string | null, dataDir: string, work: (db: Database) => Promise<T>): Promise<T> {
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const connection = url === null ? await embedded(dataDir, closers) : { url };
    const database = await openForReading(connection).catch((error: unknown) => {
      const reason =
        error instanceof Error ? error.message || ("code" in error ? String(error.code) : error.name) : String(error);
      throw new Refusal(`The database cannot be reached: ${reason}.`);
    });
    closers.push(() => database.close());
    return await work(database.db);
  } finally {
    for (const closer of closers.reverse()) await closer();
  }
}

async function embedded(dataDir: string, closers: (() => Promise<void> | void)[]) {
  if (!existsSync(path.join(dataDir, "postgres", "PG_VERSION")))
    throw new Refusal(`There is no embedded database in ${dataDir}. Name the hub's with --database, or in DATABASE_URL.`);
  closers.push(lockDataFolder(dataDir));
  const server = await startEmbeddedPostgres(dataDir);
  closers.push(() => server.stop());
  return { socketDir: server.socketDir, user: embeddedUser };
}

function readKey(file: string | undefined, dataDir: string): KeyObject {
  try {
    return file === undefined ? readEvidencePublicKey(dataDir) : createPublicKey(readFileSync(file));
  } catch {
    throw new Refusal(
      file === undefined
        ? `There is no public key in ${path.join(dataDir, "keys")}. Name the hub's data folder with --data, or a key with --key FILE.`
        : `${file} is not a public key in PEM. The hub's is printed by: sallyport verify --public-key.`,
    );
  }
}

/** A signature that this key has not made proves nothing against the hub: such lines are counted, not compared. */
async function readHeads(files: string[], publicKey: KeyObject): Promise<{ heads: Checkpoint[]; unsigned: number }> {
  const heads: Checkpoint[] = [];
  let unsigned = 0;
  for (const file of files) {
    if (!existsSync(file))
      throw new Refusal(`There is no file ${file}. An agent prints its heads with: audit-heads --state DIR.`);
    for await (const { checkpoint } of readCheckpointLines(file)) {
      if (checkpoint === null || judgeSignature(checkpoint, publicKey) !== "ok") unsigned++;
      else heads.push(checkpoint);
      if (heads.length > headsMax) throw new Refusal(`${file} holds more than ${headsMax} heads. Give it in parts.`);
    }
  }
  return { heads, unsigned };
}

/** The name of an organisation in a damaged database is anybody's text: what is not printable is not printed. */
function line({ org, state, at, events, signedSeq, signedAt, why }: AuditVerdict): string {
  const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
  const verdict = state === "altered" && at !== null ? `altered at seq ${at}` : state;
  return `${verdict}  ${printable(org)}  ${events} events, signed to ${signedSeq}${signedAt === null ? "" : ` at ${signedAt}`}${state === "ok" ? "" : `  ${printable(why)}`}`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    const refused = error instanceof Refusal || error instanceof HubError || (error instanceof TypeError && "code" in error);
    process.exitCode = refused ? 2 : 1;
  },
);

// `sallyport verify`: recordings checked from files alone. No hub, no database; one chunk in memory at a time.
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { keyIdOf, readEvidencePublicKey } from "../platform/evidence-key.ts";
import { isLogId, logEntries, logFileOf, logsFolder, storedNoteOf } from "./log-places.ts";
import { type Integrity, type Verdict, verifyLog } from "./verify-log.ts";

/** 0 all ok · 1 something is truncated, altered or missing · 3 nothing is wrong, but not everything is closed, or here. 2 is a wrong command. */
const exitCodes: Record<Integrity, number> = { ok: 0, open: 3, truncated: 1, altered: 1 };

class Refusal extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: "string", default: "data" },
      key: { type: "string" },
      "public-key": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const publicKey = readKey(values.key, values.data);
  if (values["public-key"]) {
    process.stdout.write(publicKey.export({ type: "spki", format: "pem" }).toString());
    return 0;
  }
  const [what] = positionals;
  if (what === undefined || positionals.length !== 1) throw new Refusal("Say what to verify: an id, a file, or all.");
  const counts: Record<Integrity, number> = { ok: 0, open: 0, truncated: 0, altered: 0 };
  let elsewhere = 0;
  for await (const { file, id, isHere } of logsNamed(what, values.data)) {
    if (!isHere) {
      elsewhere++;
      process.stdout.write(
        values.json ? `${JSON.stringify({ file, state: "stored", id })}\n` : `stored     ${id}  only in the object store\n`,
      );
      continue;
    }
    const verdict = await verifyLog(file, { publicKey, id, head: null });
    counts[verdict.state]++;
    process.stdout.write(values.json ? `${JSON.stringify({ file, ...verdict })}\n` : `${line(file, verdict)}\n`);
  }
  const states: readonly Integrity[] = ["ok", "open", "truncated", "altered"];
  const total = states.reduce((sum, state) => sum + counts[state], 0);
  const summary = states.map((state) => `${counts[state]} ${state}`).join(", ");
  const not =
    elsewhere === 0 ? "" : ` ${elsewhere} not verified: only the object store has them. Copy them here, or name the copies.`;
  process.stderr.write(`${total} recordings: ${summary}.${not} Key ${keyIdOf(publicKey)}.\n`);
  const worst = states.filter((state) => counts[state] > 0).map((state) => exitCodes[state]);
  return worst.includes(1) ? 1 : worst.includes(3) || elsewhere > 0 ? 3 : 0;
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

type Named = { file: string; id: string | null; isHere: boolean };

async function* logsNamed(what: string, dataDir: string): AsyncGenerator<Named> {
  if (what === "all") {
    yield* allLogs(dataDir);
    return;
  }
  const namesLog = isLogId(what);
  const file = namesLog ? logFileOf(dataDir, what) : what;
  const isHere = existsSync(file);
  if (!isHere && !(namesLog && existsSync(storedNoteOf(file))))
    throw new Refusal(`There is no recording ${what}. Name an id, a file, or all.`);
  yield { file, id: namesLog ? what : null, isHere };
}

/** A file under another's name is found: the name says which recording it must be. */
async function* allLogs(dataDir: string): AsyncGenerator<Named> {
  const root = logsFolder(dataDir);
  if (!existsSync(root)) throw new Refusal(`There are no recordings in ${root}. Name the hub's data folder with --data.`);
  for await (const { id, file, has } of logEntries(dataDir)) if (has.log || has.stored) yield { file, id, isHere: has.log };
}

/** The id in a damaged file is anybody's text: what is not printable is not printed. */
function line(file: string, { state, id, bytes, chunks, why }: Verdict): string {
  const name = (id === "" ? path.basename(file) : id).replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 80);
  const said = why.replaceAll(/[^\x20-\x7e]/g, "?");
  return `${state.padEnd(9)}  ${name}  ${bytes} bytes  ${chunks} chunks${state === "ok" ? "" : `  ${said}`}`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof Refusal) process.stderr.write(`${error.message}\n`);
    else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof Refusal ? 2 : 1;
  },
);

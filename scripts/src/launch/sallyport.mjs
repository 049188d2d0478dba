// The commands of `npx sallyport`: one question to the admin socket each, its answer for people or with --json for programs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { askHub } from "./admin-socket.mjs";
import { LaunchFault } from "./fault.mjs";
import { dataDirOf } from "./options.mjs";
import { places } from "./places.mjs";

export const usage = `npx sallyport <command> [--data DIR] [--json]

  status                                       what the hub is doing
  access-key create --email E --name N         makes an access key for that person and prints it once
  forward <asset> <port> --hub URL             a port here that leads to one of the asset; --help says more
  run <task> --hub URL [--wait]                runs a task, for pipelines; --help says more
  doctor                                       checks the hub and says what is wrong
  verify <id|FILE|all> [--key FILE]            checks recordings from their files alone; needs no hub
  verify --public-key                          prints the key they are checked with
  sign-in-rules off                            switches off all rules of signing in, when they shut everybody out
  vault rotate                                 changes the key that all stored secrets are wrapped with
  audit verify [--database URL] [--key FILE] [--heads FILE …]
                                               checks the audit log; on the embedded database while the hub is stopped
  help                                         this text

--data is the hub's data folder, as for npm start (default ./data, or SALLYPORT_DATA).
`;

export class UsageFault extends Error {}

/** @typedef {{ dataDir: string, json: boolean, email: string | undefined, name: string | undefined }} Options */

/** @type {Record<string, (options: Options) => Promise<number>>} */
const commands = {
  status,
  doctor,
  "access-key create": createAccessKey,
  "vault rotate": rotateVault,
  "sign-in-rules off": turnOffSignInRules,
};

/** @param {string[]} args @returns {Promise<number>} the exit code */
export async function sallyport(args) {
  const { positionals, values } = read(args);
  const command = positionals.join(" ");
  if (values.help === true || command === "help" || command === "") {
    process.stdout.write(usage);
    return command === "" && values.help !== true ? 2 : 0;
  }
  if (command === "audit verify") return verifyAudit(values);
  if (positionals[0] === "verify") return verify(positionals.slice(1), values);
  const run = commands[command];
  if (run === undefined) throw new UsageFault(`There is no command "${command}".`);
  return run({
    dataDir: dataDirOf(values.data === undefined ? [] : ["--data", values.data]),
    json: values.json === true,
    email: values.email,
    name: values.name,
  });
}

/** @param {string[]} args */
function read(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        data: { type: "string" },
        json: { type: "boolean" },
        email: { type: "string" },
        name: { type: "string" },
        key: { type: "string" },
        "public-key": { type: "boolean" },
        database: { type: "string" },
        heads: { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageFault(error instanceof Error ? `${error.message.split(/\.\s/)[0]}.` : "An option is wrong.");
  }
}

/**
 * The verifier is a program of its own, so that it runs where the hub does not.
 * Its exit code: 0 all ok, 1 truncated or altered, 2 wrong command, 3 nothing wrong but not all closed.
 *
 * @param {string[]} what
 * @param {{ data?: string, json?: boolean, key?: string, "public-key"?: boolean }} values
 * @returns {Promise<number>}
 */
function verify(what, values) {
  const dataDir = dataDirOf(values.data === undefined ? [] : ["--data", values.data]);
  const args = ["--data", dataDir, ...(values.key === undefined ? [] : ["--key", values.key])];
  if (values.json === true) args.push("--json");
  if (values["public-key"] === true) args.push("--public-key");
  return runVerifier(places.verify, [...args, "--", ...what]);
}

/**
 * Its exit code: 0 all ok, 1 altered, truncated or rolled back, 2 wrong command, 3 nothing wrong but not all signed.
 * A database's URL may hold a password: DATABASE_URL, which it inherits, shows it to nobody.
 *
 * @param {{ data?: string, json?: boolean, key?: string, database?: string, heads?: string[] }} values
 * @returns {Promise<number>}
 */
function verifyAudit(values) {
  const args = ["--data", dataDirOf(values.data === undefined ? [] : ["--data", values.data])];
  if (values.key !== undefined) args.push("--key", values.key);
  if (values.database !== undefined) args.push("--database", values.database);
  for (const file of values.heads ?? []) args.push("--heads", file);
  if (values.json === true) args.push("--json");
  return runVerifier(places.auditVerify, args);
}

/** @param {string} program @param {string[]} args @returns {Promise<number>} */
function runVerifier(program, args) {
  if (!existsSync(program)) throw new LaunchFault("The verifier is not built yet. Run npm start once, or npm run build.");
  const child = spawn(places.node, [program, ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** @param {Options} options */
async function status({ dataDir, json }) {
  const answer = await ask(dataDir, "GET", "/status");
  if (json) return printJson(answer);
  const hub =
    /** @type {{ version: string, startedAt: string, url: string, agents: { total: number, online: number }, sessions: { live: number }, runs: { running: number }, database: { kind: string, ok: boolean }, memory: { rssBytes: number }, dataDir: string, setupLink: string | null }} */ (
      answer
    );
  printRows([
    ["Hub", `${hub.version} at ${hub.url}, up ${sinceInWords(hub.startedAt)}`],
    ["Agents", `${hub.agents.online} of ${hub.agents.total} online`],
    ["Terminals", `${hub.sessions.live} open`],
    ["Runs", `${hub.runs.running} running`],
    ["Database", `${hub.database.kind}, ${hub.database.ok ? "answers" : "does not answer; run npx sallyport doctor"}`],
    ["Memory", `${Math.round(hub.memory.rssBytes / 1_048_576)} MB`],
    ["Data folder", hub.dataDir],
    ...(hub.setupLink === null ? [] : [["First administrator", `not set up yet: ${hub.setupLink}`]]),
  ]);
  return 0;
}

/** @param {Options} options */
async function createAccessKey({ dataDir, json, email, name }) {
  if (email === undefined || name === undefined) throw new UsageFault("access-key create needs --email and --name.");
  const answer = await ask(dataDir, "POST", "/access-keys", { email, name });
  if (json) return printJson(answer);
  // The key alone on the last line of stdout, so that a script can take it; the words go to stderr.
  process.stderr.write("This key is shown once. Send it as: Authorization: Bearer <key>\n");
  process.stdout.write(`${/** @type {{ key: string }} */ (answer).key}\n`);
  return 0;
}

/** @param {Options} options */
async function turnOffSignInRules({ dataDir, json }) {
  const answer = await ask(dataDir, "POST", "/sign-in-rules/off");
  if (json) return printJson(answer);
  const { off } = /** @type {{ off: number }} */ (answer);
  process.stdout.write(
    off === 0 ? "No rule of signing in was on.\n" : `${off} switched off. Mend them under Rules, and switch them on again.\n`,
  );
  return 0;
}

/** How often the hub is asked how far it is: a progress line that moves, and nothing for the hub. */
const rotationPollMs = 250;

/**
 * The hub does the work; this only watches, and may be ended at any moment.
 *
 * @param {Options} options
 */
async function rotateVault({ dataDir, json }) {
  /** @typedef {{ key: number, running: boolean, failed: boolean, done: number, total: number }} Rotation */
  let state = /** @type {Rotation} */ (await ask(dataDir, "POST", "/vault/rotations"));
  while (state.running) {
    if (!json) process.stderr.write(`\r${state.done} of ${state.total} secrets wrapped anew`);
    await new Promise((resolve) => setTimeout(resolve, rotationPollMs));
    state = /** @type {Rotation} */ (await ask(dataDir, "GET", "/vault"));
  }
  if (json) printJson(state);
  else process.stderr.write("\r");
  if (state.failed)
    throw new LaunchFault(
      "Not every secret could be wrapped anew; the hub's log says why. Nothing is lost: the old keys are kept.",
    );
  if (!json)
    process.stdout.write(
      `Key ${state.key} wraps all ${state.total} secrets. Back up the keys folder now; the old keys are removed from it within two hours.\n`,
    );
  return 0;
}

/** @param {Options} options */
async function doctor({ dataDir, json }) {
  const answer = await ask(dataDir, "GET", "/doctor");
  const { checks } = /** @type {{ checks: { name: string, ok: boolean, detail: string }[] }} */ (answer);
  if (json) printJson(answer);
  else for (const check of checks) process.stdout.write(`${check.ok ? "ok  " : "FAIL"}  ${check.name}: ${check.detail}\n`);
  return checks.every((check) => check.ok) ? 0 : 1;
}

/** @param {string} dataDir @param {string} method @param {string} url @param {unknown} [body] @returns {Promise<unknown>} */
async function ask(dataDir, method, url, body) {
  const answer = await askHub(dataDir, method, url, body);
  if (answer.status < 300) return answer.body;
  const message = /** @type {{ message?: string } | null} */ (answer.body)?.message;
  throw new LaunchFault(message ?? `The hub refused with status ${answer.status} and no reason. Look at its log.`);
}

/** @param {unknown} answer */
function printJson(answer) {
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  return 0;
}

/** @param {string[][]} rows */
function printRows(rows) {
  const width = Math.max(...rows.map(([label = ""]) => label.length));
  for (const [label = "", value] of rows) process.stdout.write(`${label.padEnd(width)}  ${value}\n`);
}

/** @param {string} from ISO-8601 */
function sinceInWords(from) {
  const minutes = Math.floor((Date.now() - Date.parse(from)) / 60_000);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}

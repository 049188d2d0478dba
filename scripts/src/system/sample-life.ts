// Some life for a hub: sessions and runs good and bad, so that pages have something to show.
import { setTimeout as wait } from "node:timers/promises";
import type { RestClient } from "./rest-client.ts";
import { TerminalClient } from "./terminal-client.ts";

export type SampleLife = {
  assetId: string;
  sessionId: string;
  runId: string;
  failedRunId: string;
  neighbourId: string;
  scriptId: string;
  taskId: string;
  ticketId: string;
  reviewId: string;
};

/** The window's title says when the shell is ready again, so that nothing of it is on the screen. */
const ready = "\u001b]2;ready\u0007";
/** Understood by every POSIX shell. Typed first, then cleared away. */
export const samplePrompt = "PS1=\"$(printf '\\033]2;ready\\007root@web-1:~# ')\"; clear";
export const sampleCommands = [
  "free -h | head -2",
  "df -h / | tail -1",
  "printf '\\033[32mok\\033[0m  service is healthy\\n'",
  "for n in 1 2 3 4 5 6; do printf 'step %s of 6 \\033[2mdone\\033[0m\\n' $n; done",
  "ls --color=always -C /usr",
];
/** A brisk typist; a recording without pauses has nothing to play. */
const keyMs = 25;

/** Two runs and one ended terminal, made through the API on the asset of this name, or on any. */
export async function makeSampleLife(rest: RestClient, assetName?: string): Promise<SampleLife> {
  const { id: assetId } = await rest.onlineAsset(assetName);
  const check = 'set -eu\necho "checking $(hostname)"\nfor n in 1 2 3 4 5 6 7 8 9 10; do echo "package $n is current"; done\n';
  const script = `${check}echo "2 packages have a newer version in backports" >&2\n`;
  const runId = await rest.startRun({ assetIds: [assetId], script, interpreter: "bash", title: "Weekly package check" });
  await rest.finishedRun(runId);
  const backup = "echo starting backup\necho 'no space left on /backup' >&2\nexit 2\n";
  const failedRunId = await rest.startRun({ assetIds: [assetId], script: backup, interpreter: "sh", title: "Nightly backup" });
  await rest.finishedRun(failedRunId);
  const neighbourId = await makeNeighbour(rest);
  const scriptId = await keepScript(rest);
  const taskId = await makeTask(rest, scriptId, [assetId, neighbourId]);
  const ticketId = await askFor(rest, neighbourId);
  const reviewId = await beginReview(rest, "All access, fourth quarter");
  await writeRules(rest, neighbourId);
  const made = { assetId, runId, failedRunId, neighbourId, scriptId, taskId, ticketId, reviewId };
  return { ...made, sessionId: await recordSession(rest, assetId) };
}

/** Of all there is, by the first person. */
export async function beginReview(rest: RestClient, name: string): Promise<string> {
  const { items } = await rest.json<{ items: { id: string }[] }>("GET", "/people?limit=1");
  const dueAt = new Date(Date.now() + 14 * 86_400_000).toISOString();
  const review = { name, ownerId: null, reviewerId: items[0]?.id, dueAt };
  return (await rest.json<{ id: string }>("POST", "/access-reviews", review)).id;
}

/** In two versions, with a parameter of most kinds. */
async function keepScript(rest: RestClient): Promise<string> {
  const parameters = [
    {
      name: "FOLDER",
      label: "Folder",
      help: "Where the backups lie",
      type: "string",
      pattern: "/[a-z/]+",
      default: "/var/backups",
    },
    { name: "KEEP", label: "Days to keep", type: "integer", required: true, min: 1, max: 90, default: 14 },
    { name: "MODE", label: "Mode", type: "choice", choices: ["look", "remove"], default: "look", as: "argument" },
    { name: "PARTS", label: "Parts", type: "multi-choice", choices: ["database", "files"] },
    { name: "LOUD", label: "Say each file", type: "boolean" },
    { name: "BEFORE", label: "Before", type: "date" },
    { name: "TOKEN", label: "Token of the store", type: "secret" },
    { name: "STORE", label: "Store", type: "asset" },
  ];
  const body = 'set -eu\nfind "$FOLDER" -name "*.tar" -mtime "+$KEEP" -print\n';
  const script = { name: "Clean old backups", description: "Oldest first.", visibility: "organisation", interpreter: "bash" };
  const { id } = await rest.json<{ id: string }>("POST", "/scripts", { ...script, body, parameters: parameters.slice(0, 3) });
  const next = { interpreter: "bash", body: `${body}echo "done"\n`, parameters, note: "Says when it is done", after: 1 };
  await rest.json("POST", `/scripts/${id}/versions`, next);
  return id;
}

async function makeTask(rest: RestClient, scriptId: string, assetIds: string[]): Promise<string> {
  const schedule = { kind: "cron", expression: "30 2 * * 1,3,5", timeZone: "Europe/Berlin" };
  const task = { name: "Nightly cleaning", scriptId, parameters: { KEEP: 7 }, targets: { assetIds }, schedule };
  return (await rest.json<{ id: string }>("POST", "/tasks", task)).id;
}

/** One that waits for others than whoever asked. */
async function askFor(rest: RestClient, assetId: string): Promise<string> {
  const level = { approvers: [{ kind: "role", id: "admin" }, { kind: "asset-owner" }], need: { kind: "any" } };
  const match = { kinds: ["server"], targets: [{ kind: "asset", id: assetId }] };
  await rest.json("POST", "/ticket-flows", { name: "Databases", match, levels: [level] });
  const asked = { kind: "server", assetIds: [assetId], accounts: ["postgres"], actions: ["connect"], minutes: 240 };
  const ticket = { title: "db-1 for the upgrade", reason: "The new version needs its parameters checked.", asked };
  return (await rest.json<{ id: string }>("POST", "/tickets", ticket)).id;
}

/** A host that no agent runs on and nothing answers for (RFC 5737), with accounts on it and a template for more. */
async function makeNeighbour(rest: RestClient): Promise<string> {
  const { items } = await rest.json<{ items: { zone: { id: string } }[] }>("GET", "/assets");
  const asset = { name: "db-1", zoneId: items[0]?.zone.id, platform: "linux", address: "192.0.2.10" };
  const { id } = await rest.json<{ id: string }>("POST", "/assets", asset);
  const account = { assetId: id, username: "postgres", secret: { kind: "new-ssh-key" }, rotateEveryDays: 30 };
  await rest.json("POST", "/accounts", account);
  const root = { assetId: id, username: "root", privileged: true, secret: { kind: "new-password" } };
  await rest.json("POST", "/accounts", root);
  const template = { name: "Deployment", username: "deploy", secret: { kind: "new-ssh-key" }, push: true, rotateEveryDays: 90 };
  await rest.json("POST", "/account-templates", template);
  return id;
}

async function recordSession(rest: RestClient, assetId: string): Promise<string> {
  const terminal = new TerminalClient({ url: rest.url, key: rest.key, assetId, cols: 100, rows: 28 });
  const { sessionId } = await terminal.opened;
  await command(terminal, samplePrompt, 0);
  for (const line of sampleCommands) await command(terminal, line, keyMs);
  terminal.type("exit\r");
  await terminal.ended;
  return sessionId;
}

async function command(terminal: TerminalClient, line: string, perKeyMs: number): Promise<void> {
  for (const key of perKeyMs === 0 ? [line] : line) {
    terminal.type(key);
    if (perKeyMs > 0) await wait(perKeyMs);
  }
  const prompt = terminal.output(ready);
  terminal.type("\r");
  await prompt;
}

/** Of each kind and outcome; none of them holds up what this life does. */
async function writeRules(rest: RestClient, assetId: string): Promise<void> {
  const level = { approvers: [{ kind: "role", id: "admin" }, { kind: "asset-owner" }], need: { kind: "any" }, minutes: 30 };
  const targets = [{ kind: "asset", id: assetId }];
  const words = (...texts: string[]) => texts.map((text) => ({ kind: "words", text }));
  const nights = [{ days: [1, 2, 3, 4, 5], from: 20 * 60, to: 24 * 60 }];
  const hours = { timeZone: "Europe/Berlin", spans: nights };
  const rules = [
    { kind: "command", name: "Looking is fine", targets, patterns: words("systemctl status"), outcome: "allow" },
    {
      kind: "command",
      name: "Destroys data",
      targets,
      patterns: [...words("mkfs", "wipefs", "drop table"), { kind: "regex", text: "\\bdd\\s.*of=/dev/" }],
      outcome: "refuse",
      says: "Ask the storage team for a new volume instead.",
    },
    { kind: "command", name: "Restarts", targets, accounts: ["root"], patterns: words("reboot"), outcome: "review", level },
    { kind: "command", name: "Stops services", targets, patterns: words("systemctl stop"), outcome: "warn", active: false },
    { kind: "connection", name: "Databases at night", targets, protocols: ["ssh"], hours, outcome: "review", level },
    { kind: "sign-in", name: "Not from the guests' network", addresses: ["198.51.100.0/24"], outcome: "refuse" },
  ];
  for (const rule of rules) await rest.json("POST", "/rules", { rule });
}

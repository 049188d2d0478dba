// `npx sallyport run`: runs a task and, with --wait, stays until it has ended. For pipelines: the exit code says how it went.
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RestClient, RestError } from "../system/rest-client.ts";
import { connectionOf, connectionOptions, connectionUsage, runCommand, UsageFault } from "./connection.ts";

const usage = `npx sallyport run <task> --hub URL [--wait] [--timeout SECONDS] [--key-file FILE] [--ca FILE]

  <task>        its name or id, as the console shows it
  --wait        stay until the run has ended, and say which hosts failed
  --timeout     wait so long at most (default 3600); the run goes on
${connectionUsage}

Exit code: 0 all succeeded, or started without --wait; 1 some failed; 2 refused, or not understood; 3 somebody stopped it;
4 it has not ended in time; 5 it waits for a person, after its canaries or after too many failures; 6 the hub was not reached.
`;

const exits = { succeeded: 0, failed: 1, mixed: 1, refused: 2, stopped: 3, late: 4, waits: 5, unreachable: 6 } as const;

type Task = { id: string; name: string };
type Run = {
  id: string;
  state: string;
  outcome: "succeeded" | "failed" | "stopped" | "mixed" | null;
  counts: { total: number; succeeded: number; failed: number; stopped: number };
  executions: { assetName: string; reason: string | null; exitCode: number | null; message: string | null }[];
};

/** A hub that restarts is back within seconds; one that is away for longer ends the wait, never the run. */
const awayMs = 120_000;
const lookEveryMs = 1_000;
/** Named one by one; the rest is counted. */
const failuresSaid = 50;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...connectionOptions, wait: { type: "boolean" }, timeout: { type: "string" } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [name] = positionals;
  if (name === undefined || positionals.length !== 1) throw new UsageFault("One task is needed.");
  const timeoutSeconds = Number(values.timeout ?? 3_600);
  if (!Number.isFinite(timeoutSeconds) || timeoutSeconds <= 0) throw new UsageFault("--timeout is a number of seconds.");
  const { url, key } = connectionOf(values);
  const rest = new RestClient(url, key);
  const task = await findTask(rest, name);
  const { id } = await rest.json<{ id: string }>("POST", `/tasks/${task.id}/run`, {});
  process.stdout.write(`${task.name} runs: ${url}/run?id=${id}\n`);
  return values.wait === true ? await wait(rest, id, Date.now() + timeoutSeconds * 1_000) : 0;
}

async function findTask(rest: RestClient, name: string): Promise<Task> {
  const { items } = await rest.json<{ items: Task[] }>("GET", `/tasks?limit=200&search=${encodeURIComponent(name)}`);
  const byId = /^tsk_[0-9a-z]{24}$/.test(name) ? [await rest.json<Task>("GET", `/tasks/${name}`)] : [];
  const found = byId.length > 0 ? byId : items.filter((task) => task.name === name);
  const [task] = found;
  if (task === undefined) throw new UsageFault(`You have no task called ${printable(name)}.`);
  if (found.length > 1)
    throw new UsageFault(`${found.length} tasks have this name; use the id: ${found.map(({ id }) => id).join(", ")}.`);
  return task;
}

async function wait(rest: RestClient, id: string, until: number): Promise<number> {
  let said = "";
  let awaySince: number | null = null;
  while (Date.now() < until) {
    let run: Run;
    try {
      run = await rest.json<Run>("GET", `/runs/${id}`);
      awaySince = null;
    } catch (error) {
      if (error instanceof RestError && error.status < 500) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > awayMs) throw error;
      await pause(lookEveryMs);
      continue;
    }
    const { succeeded, failed, stopped, total } = run.counts;
    const line = `${succeeded + failed + stopped} of ${total} ended, ${failed} failed\n`;
    if (line !== said) process.stdout.write(line);
    said = line;
    if (run.state === "paused" || run.state === "halted") {
      process.stderr.write(`The run is ${run.state} and waits for a person.\n`);
      return exits.waits;
    }
    if (run.outcome !== null) {
      sayFailures(run);
      return exits[run.outcome];
    }
    await pause(lookEveryMs);
  }
  process.stderr.write("The run has not ended in time; it goes on.\n");
  return exits.late;
}

function sayFailures({ executions }: Run): void {
  const failed = executions.filter(({ reason }) => reason !== null && reason !== "finished" && reason !== "stopped");
  for (const { assetName, reason, exitCode, message } of failed.slice(0, failuresSaid)) {
    const why = reason === "failed" && exitCode !== null ? `exit code ${exitCode}` : (reason ?? "");
    process.stderr.write(`${printable(assetName)}: ${why}${message ? ` (${printable(message)})` : ""}\n`);
  }
  if (failed.length > failuresSaid) process.stderr.write(`and ${failed.length - failuresSaid} more\n`);
}

/** Names and messages come from hosts: nothing in them speaks to this terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "�");

const codeOf = (error: unknown): number => (error instanceof RestError && error.status < 500 ? exits.refused : exits.unreachable);

runCommand(
  (args) =>
    main(args).catch((error: unknown) => {
      if (error instanceof UsageFault) throw error;
      process.stderr.write(`sallyport: ${error instanceof Error ? error.message : String(error)}\n`);
      return codeOf(error);
    }),
  usage,
  exits.refused,
);

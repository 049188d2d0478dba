// Ten thousand tasks with schedules, a hundred of them due in each second of a minute: how late each is begun. Their agents are away, so that
// deciding and making the run is what is measured, not running it.
import { newId } from "@sallyport/protocol/ids";
import type { Sql } from "postgres";
import { startHubParts } from "../system/hub-parts.ts";
import { ownDatabase } from "../system/own-database.ts";
import { processorSeconds, processTree } from "../system/processes.ts";
import type { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import type { BenchOptions } from "./options.ts";
import { enrolled } from "./simulated-fleet.ts";
import { type Row, standing } from "./table.ts";

const taskCount = 10_000;
const perSecond = 100;
const seconds = 60;
const hostCount = 100;
const untilFirstMs = 10_000;
const deadlineMs = 150_000;

type Lateness = { fires: number; started: number; p50: number; p99: number; max: number };

export async function schedule(_: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-schedule");
  await using parts = await startHubParts({ folder: folder.path, env: { SALLYPORT_LOG_LEVEL: "warn" } });
  const hosts = await enrolled(parts.dataDir, hostCount);
  const sql = ownDatabase(parts.dataDir);
  const task = await firstTask(parts.rest, hosts.map(({ assetId }) => assetId).slice(0, 1));
  await copyTask(
    sql,
    task,
    hosts.map(({ assetId }) => assetId),
  );
  await sql`analyze`; // as the database does by itself within a minute
  const due = perSecond * seconds;
  const processorSecondsBefore = hubAndDatabaseSeconds(parts.hub().pid);
  const decided = async () => (await sql<{ count: number }[]>`select count(*)::int from task_fires`)[0]?.count === due;
  await until("every task that was due has been decided", decided, { deadlineMs, everyMs: 1_000 }).catch(() => {}); // how many is a figure
  const [late] = await sql<Lateness[]>`
    select count(*)::int as fires, count(*) filter (where outcome = 'started')::int as started,
           extract(epoch from percentile_disc(0.5) within group (order by decided_at - due_at))::float8 as p50,
           extract(epoch from percentile_disc(0.99) within group (order by decided_at - due_at))::float8 as p99,
           extract(epoch from max(decided_at - due_at))::float8 as max
    from task_fires`;
  const processorMs = ((hubAndDatabaseSeconds(parts.hub().pid) - processorSecondsBefore) / (late?.fires ?? 1)) * 1e3;
  await sql.end();
  if (late === undefined) throw new Error("nothing was due");
  const name = `${perSecond} tasks due a second of ${taskCount}, begun after`;
  return [
    standing({ name: `${name}: p50`, unit: "s", value: late.p50 }),
    standing({ name: `${name}: p99`, unit: "s", value: late.p99 }),
    standing({ name: `${name}: the latest`, unit: "s", value: late.max }, { most: 1 }),
    standing({ name: "processor time of hub and database for each", unit: "ms", value: processorMs }),
    standing({ name: "runs begun", unit: "", value: late.started }, { least: due }),
  ];
}

const hubAndDatabaseSeconds = (hubPid: number): number =>
  processTree(hubPid).reduce((sum, { pid }) => sum + processorSeconds(pid), 0);

async function firstTask(rest: RestClient, assetIds: string[]): Promise<string> {
  const { id: scriptId } = await rest.json<{ id: string }>("POST", "/scripts", {
    name: "nothing",
    interpreter: "sh",
    body: "true",
  });
  const task = { name: "task", scriptId, targets: { assetIds } };
  return (await rest.json<{ id: string }>("POST", "/tasks", task)).id;
}

/** Daily at a second of their own; those beyond the measured minute an hour later. */
async function copyTask(sql: Sql, task: string, assetIds: string[]): Promise<void> {
  const first = Math.ceil((Date.now() + untilFirstMs) / 1_000) * 1_000;
  const rows = Array.from({ length: taskCount }, (_, n) => {
    const second = Math.floor(n / perSecond);
    const at = new Date(first + second * 1_000 + (second < seconds ? 0 : 3_600_000));
    return {
      id: newId("tsk"),
      name: `task ${n}`,
      asset: assetIds[n % assetIds.length] ?? "",
      cron: `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} * * *`,
      at: at.toISOString(),
    };
  });
  await sql`
    insert into tasks (id, org_id, name, script_id, parameters, targets, account, timeout_seconds, expiry_seconds, schedule, misfire, overlap,
                       state, owner_id, next_fire_at, created_at, updated_at)
    select new.id, t.org_id, new.name, t.script_id, t.parameters, jsonb_set(t.targets, '{assetIds}', jsonb_build_array(new.asset)), t.account,
           t.timeout_seconds, t.expiry_seconds,
           jsonb_build_object('kind', 'cron', 'expression', new.cron, 'timeZone', 'UTC', 'calendarIds', jsonb_build_array()),
           t.misfire, t.overlap, 'active', t.owner_id, new.at, t.created_at, t.updated_at
    from tasks t, jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as new(id text, name text, asset text, cron text, at timestamptz)
    where t.id = ${task}`;
}

// Scripts over a whole fleet: a trivial one on a thousand and on ten thousand simulated agents, the pages of such a run, and how much output the
// hub takes to its disk. The simulated agents share the two processors with the hub, at the lowest priority.
import { startHubParts } from "../system/hub-parts.ts";
import { readLog } from "../system/log-records.ts";
import { ownDatabase } from "../system/own-database.ts";
import type { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import type { BenchOptions } from "./options.ts";
import type { Printing } from "./simulated-execution.ts";
import { allOnline, enrolled, oneAddressArgs, type Simulated, startFleet } from "./simulated-fleet.ts";
import { percentile } from "./statistics.ts";
import { type Row, standing } from "./table.ts";

const connectPerSecond = 400;
const onlineDeadlineMs = 180_000;
const runDeadlineMs = 180_000;
const part = 1_000;
const pagesAsked = 50;
const line: Printing = { pieces: 1, pieceBytes: 3, everyMs: 0 };
/** As lines of a verbose build, from many at once; offered is a fifth more than the goal. */
const talkers = 100;
const talk: Printing = { pieces: 3_600, pieceBytes: 100, everyMs: 8 };

type Ends = { p50: number; p95: number; last: number };

export async function fleetRuns({ agents: count }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-fleet-runs");
  await using parts = await startHubParts({
    folder: folder.path,
    args: oneAddressArgs,
    env: { SALLYPORT_LOG_LEVEL: "warn" },
  });
  const { rest, dataDir } = parts;
  const agents = await enrolled(dataDir, count);
  using fleet = await startFleet(parts, agents, { perSecond: connectPerSecond, printing: line });
  await allOnline(fleet, count, onlineDeadlineMs, performance.now());
  const sql = ownDatabase(dataDir);
  await sql`analyze`; // as the database does by itself within a minute
  const measured = async (some: Simulated[]): Promise<{ id: string; ends: Ends }> => {
    const id = await runOn(rest, some);
    const [ends] = await sql<Ends[]>`
      select extract(epoch from percentile_disc(0.5) within group (order by e.ended_at - r.created_at))::float8 as p50,
             extract(epoch from percentile_disc(0.95) within group (order by e.ended_at - r.created_at))::float8 as p95,
             extract(epoch from max(r.ended_at - r.created_at))::float8 as last
      from executions e join runs r on r.id = e.run_id where r.id = ${id} and e.reason = 'finished'
      having count(*) = ${some.length}`;
    if (ends === undefined) throw new Error("an execution of a measured run did not finish");
    process.stderr.write(`${some.length} done: p95 ${ends.p95.toFixed(1)} s\n`);
    return { id, ends };
  };
  await measured(agents.slice(0, Math.min(part, count))); // code that runs for the first time is not what is measured
  const few = await measured(agents.slice(0, Math.min(part, count)));
  const all = await measured(agents);
  const pages = await timedPages(rest, all.id, count);

  await fleet.print(talk);
  const step = Math.max(1, Math.floor(count / talkers)); // from all processes, so that none of them is the limit
  const talked = await runOn(rest, agents.filter((_, n) => n % step === 0).slice(0, talkers));
  const ids = (await sql<{ id: string }[]>`select id from executions where run_id = ${talked}`).map(({ id }) => id);
  await sql.end();
  const { perSecond, records } = recordsOf(dataDir, ids);
  return [
    ...rowsOfRun(`${Math.min(part, count)} agents`, few.ends, 5),
    ...rowsOfRun(`${count} agents`, all.ends, 30),
    ...pages,
    standing(
      {
        name: `output of ${talkers} agents at once, pieces of ${talk.pieceBytes} bytes, on the hub's disk`,
        unit: "per s",
        value: perSecond,
      },
      { least: 10_000 },
    ),
    standing({ name: "pieces printed and not in the logs", unit: "", value: talkers * talk.pieces - records }, { most: 0 }),
  ];
}

const rowsOfRun = (who: string, { p50, p95, last }: Ends, mostSeconds: number): Row[] => [
  standing({ name: `a trivial script on ${who}, from the request: p50`, unit: "s", value: p50 }),
  standing({ name: `a trivial script on ${who}, from the request: p95`, unit: "s", value: p95 }, { most: mostSeconds }),
  standing({ name: `a trivial script on ${who}, all of it committed`, unit: "s", value: last }),
];

async function runOn(rest: RestClient, agents: Simulated[]): Promise<string> {
  const id = await rest.startRun({ assetIds: agents.map(({ assetId }) => assetId), script: "true; echo ok", interpreter: "sh" });
  const state = () => rest.json<{ state: string }>("GET", `/runs/${id}?executions=false`);
  await until(`run ${id} finished`, async () => (await state()).state === "finished", {
    deadlineMs: runDeadlineMs,
    everyMs: 250,
  });
  return id;
}

async function timedPages(rest: RestClient, runId: string, count: number): Promise<Row[]> {
  const pageRows = 100;
  const asked = {
    "page of 100 executions": (n: number) =>
      `/runs/${runId}/executions?limit=${pageRows}&offset=${((n * 7_919) % Math.max(1, Math.floor(count / pageRows))) * pageRows}`,
    "the run's head and counts": () => `/runs/${runId}?executions=false`,
    "outputs grouped": () => `/runs/${runId}/groups`,
  };
  const rows: Row[] = [];
  for (const [name, at] of Object.entries(asked)) {
    const times: number[] = [];
    for (let n = 0; n < pagesAsked; n += 1) {
      const from = performance.now();
      await rest.json("GET", at(n));
      times.push(performance.now() - from);
    }
    rows.push(standing({ name: `a run of ${count}, ${name}: p50`, unit: "ms", value: percentile(times, 0.5) }));
    rows.push(standing({ name: `a run of ${count}, ${name}: p99`, unit: "ms", value: percentile(times, 0.99) }, { most: 300 }));
  }
  return rows;
}

/** Counted on the disk. The rate is that of the middle: when the first begin and the last end not all of them talk. */
function recordsOf(dataDir: string, ids: string[]): { records: number; perSecond: number } {
  const times = ids.flatMap((id) => {
    const log = readLog(dataDir, id);
    return log === null ? [] : log.records.map(({ atMs }) => log.startedAtMs + atMs);
  });
  const sorted = times.toSorted((a, b) => a - b);
  const [from, to] = [percentile(sorted, 0.1), percentile(sorted, 0.9)];
  return { records: times.length, perSecond: (times.length * 0.8) / ((to - from) / 1e3) };
}

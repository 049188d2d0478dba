// Ten thousand agents on one hub: what each costs, how fast they come, and how they come back after the hub was killed. The simulated agents
// share the two processors with the hub; what they take is printed beside.
import { type ChildProcess, fork } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { newId } from "@sallyport/protocol/ids";
import postgres from "postgres";
import { askHub } from "../launch/admin-socket.mjs";
import { startHubParts } from "../system/hub-parts.ts";
import { memoryOf, processorSeconds } from "../system/processes.ts";
import type { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import type { FleetOrder, FleetReport } from "./fleet-agents.ts";
import type { BenchOptions } from "./options.ts";
import { percentile } from "./statistics.ts";
import { type Row, standing } from "./table.ts";

/** Connections of one process: its file descriptors are capped at 4096 where nobody raised it, and one thread must keep up. */
const agentsPerProcess = 2_500;
/** New dials a second in the first wave, so that it measures the hub and not a storm. */
const firstWavePerSecond = 400;
const settleMs = 30_000;
const idleMs = 60_000;
const onlineDeadlineMs = 180_000;
const stormDeadlineMs = 120_000;

export async function fleet({ agents: count }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-fleet");
  await using parts = await startHubParts({
    folder: folder.path,
    args: ["--per-address-max", "2500"],
    env: { SALLYPORT_LOG_LEVEL: "warn" },
  });
  const { body } = await askHub(parts.dataDir, "POST", "/enrolment-tokens", {});
  const { caPem, hubId } = body as { caPem: string; hubId: string };
  const keys = await enrolled(parts.dataDir, count);
  const before = rss(parts.hub().pid);
  const processes: ChildProcess[] = [];
  try {
    const size = Math.ceil(count / Math.ceil(count / agentsPerProcess));
    for (let at = 0; at < count; at += size) {
      const child = fork(path.join(import.meta.dirname, "fleet-agents.ts"), { execArgv: ["--max-semi-space-size=16"] });
      processes.push(child);
      // Hosts of their own would not take the hub's turns on two processors.
      if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
      const order: FleetOrder = {
        type: "start",
        host: "127.0.0.1",
        port: parts.address.agentPort,
        hubId,
        caPem,
        agents: keys.slice(at, at + size).map(({ id, key }) => ({ id, key })),
        perSecond: firstWavePerSecond / Math.ceil(count / size),
      };
      child.send(order);
    }
    const from = performance.now();
    const firstWaveCpu = processorSeconds(parts.hub().pid);
    await allOnline(processes, count, onlineDeadlineMs, from);
    const connectSeconds = (performance.now() - from) / 1e3;
    const connectCpu = processorSeconds(parts.hub().pid) - firstWaveCpu;
    process.stderr.write(`${count} online after ${connectSeconds.toFixed(1)} s\n`);

    await wait(settleMs);
    const each = (rss(parts.hub().pid) - before) / count;
    const idleFrom = { cpu: processorSeconds(parts.hub().pid), at: performance.now() };
    await wait(idleMs);
    const idleShare = (processorSeconds(parts.hub().pid) - idleFrom.cpu) / ((performance.now() - idleFrom.at) / 1e3);
    process.stderr.write("idle measured, now an order to all\n");
    const ordered = await orderToAll(parts.rest, processes, keys);
    process.stderr.write("answered, now the storm\n");

    await parts.hub().signal("SIGKILL");
    const stormFrom = performance.now();
    await parts.startHub();
    const readyMs = performance.now() - stormFrom;
    const lags: number[] = [];
    const answers: number[] = [];
    await allOnline(processes, count, stormDeadlineMs, stormFrom, async () => {
      lags.push(await loopLagMs(parts.address.url));
      answers.push(await timed(() => parts.rest.assets()));
    });
    const stormSeconds = (performance.now() - stormFrom) / 1e3;
    const reports = await Promise.all(processes.map(report));
    process.stderr.write("all back, now revocations\n");
    const revoked = await revokeSome(parts.rest, processes, keys);
    return [
      standing({
        name: `${count} agents connected, each with TLS and an Ed25519 check`,
        unit: "per s",
        value: count / connectSeconds,
      }),
      standing({ name: "hub processor time for each of them", unit: "ms", value: (connectCpu / count) * 1e3 }),
      standing({ name: "hub memory for each, idle, RSS", unit: "KiB", value: each / 1_024 }, { most: 30 }),
      standing(
        { name: "hub processor share, all idle with heartbeats", unit: "% of a core", value: idleShare * 100 },
        { most: 5 },
      ),
      standing({ name: "a script of 1 KB to all: offered", unit: "s", value: ordered.offeredSeconds }),
      standing(
        { name: "a script of 1 KB to all: all answers committed", unit: "s", value: ordered.answeredSeconds },
        { most: 2 },
      ),
      standing({ name: "storm: hub killed and restarted, all back", unit: "s", value: stormSeconds }, { most: 60 }),
      standing({ name: "storm: of which the hub's own start", unit: "s", value: readyMs / 1e3 }),
      standing({ name: "storm: worst loop lag, a second's p99", unit: "ms", value: Math.max(...lags) }, { most: 200 }),
      standing({ name: "storm: slowest API answer meanwhile", unit: "ms", value: Math.max(...answers) }, { most: 1_000 }),
      standing(
        { name: "storm: agents not back", unit: "", value: count - reports.reduce((sum, { online }) => sum + online, 0) },
        { most: 0 },
      ),
      standing(
        {
          name: "storm: most tries of one agent in a minute",
          unit: "",
          value: Math.max(...reports.map((one) => one.mostTriesInAMinute)),
        },
        { most: 6 },
      ),
      standing({ name: `revoking ${revocations} of them, link closed: p50`, unit: "ms", value: percentile(revoked, 0.5) }),
      standing(
        { name: `revoking ${revocations} of them, link closed: worst`, unit: "ms", value: Math.max(...revoked) },
        { most: 1_000 },
      ),
    ];
  } finally {
    for (const child of processes) child.kill("SIGKILL");
  }
}

/** One run takes so many assets. */
const assetsPerRun = 1_000;
const scriptBytes = 1_000;
const answersDeadlineMs = 240_000;

/** From the first request until every agent has its signed offer, and until every answer is committed and acknowledged. */
async function orderToAll(rest: RestClient, processes: ChildProcess[], agents: Simulated[]) {
  const script = `# ${"x".repeat(scriptBytes - 2)}`;
  const counted = async (what: "offers" | "answered") =>
    (await Promise.all(processes.map(report))).reduce((sum, one) => sum + one[what], 0);
  const from = performance.now();
  for (let at = 0; at < agents.length; at += assetsPerRun)
    await rest.startRun({
      assetIds: agents.slice(at, at + assetsPerRun).map(({ assetId }) => assetId),
      script,
      interpreter: "sh",
    });
  const wait = { deadlineMs: answersDeadlineMs, everyMs: 50 };
  await until("every agent has its offer", async () => (await counted("offers")) >= agents.length, wait);
  const offeredSeconds = (performance.now() - from) / 1e3;
  await until("every answer is committed", async () => (await counted("answered")) >= agents.length, wait);
  return { offeredSeconds, answeredSeconds: (performance.now() - from) / 1e3 };
}

const revocations = 50;

/** Milliseconds of each revocation, which resolves once the link is closed; and they are closed: nobody has to be believed. */
async function revokeSome(rest: RestClient, processes: ChildProcess[], agents: Simulated[]): Promise<number[]> {
  const times: number[] = [];
  const some = agents.filter((_, n) => n % Math.floor(agents.length / revocations) === 0).slice(0, revocations);
  for (const { id } of some) times.push(await timed(() => rest.revokeAgent(id, "measured")));
  const left = agents.length - some.length;
  await until(
    "the revoked are offline",
    async () => (await Promise.all(processes.map(report))).reduce((sum, { online }) => sum + online, 0) === left,
    { deadlineMs: 10_000, everyMs: 100 },
  );
  return times;
}

type Simulated = { id: string; key: string; assetId: string };

/** Rows as enrolment would have left them: what is measured is the link, and ten thousand enrolments would take minutes. Only this hub's own database. */
async function enrolled(dataDir: string, count: number): Promise<Simulated[]> {
  const sql = postgres({
    host: path.join(dataDir, "socket"),
    user: "sallyport",
    database: "sallyport",
    max: 1,
    onnotice: () => {},
  });
  try {
    const [zone] = await sql<{ id: string; org: string }[]>`select id, org_id as org from zones limit 1`;
    if (zone === undefined) throw new Error("the hub has no zone");
    const keys: Simulated[] = [];
    for (let at = 0; at < count; at += 1_000) {
      const rows = Array.from({ length: Math.min(1_000, count - at) }, (_, n) => {
        const { privateKey, publicKey } = generateKeyPairSync("ed25519");
        const id = newId("agt");
        keys.push({ id, assetId: newId("ast"), key: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64") });
        return {
          id,
          org_id: zone.org,
          zone_id: zone.id,
          name: `simulated-${at + n}`,
          public_key: publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64"),
          enrolled_at: new Date(),
        };
      });
      await sql`insert into agents ${sql(rows)}`;
      const hosts = rows.map(({ id, org_id, zone_id, name }, n) => ({
        id: keys[at + n]?.assetId ?? "",
        org_id,
        agent_id: id,
        zone_id,
        category: "host",
        name,
        platform: "linux",
        created_at: new Date(),
        updated_at: new Date(),
      }));
      await sql`insert into assets ${sql(hosts)}`;
    }
    return keys;
  } finally {
    await sql.end();
  }
}

async function allOnline(
  processes: ChildProcess[],
  count: number,
  deadlineMs: number,
  from: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  let online = -1;
  try {
    await until(
      `${count} agents online`,
      async () => {
        await meanwhile();
        online = (await Promise.all(processes.map(report))).reduce((sum, one) => sum + one.online, 0);
        return online === count;
      },
      { deadlineMs: deadlineMs - (performance.now() - from), everyMs: 250 },
    );
  } catch (error) {
    process.stderr.write(`${online} of ${count} were online when the time was over\n`);
    if (online < 0) throw error;
  }
}

const report = (child: ChildProcess) =>
  new Promise<FleetReport>((resolve) => {
    child.once("message", (message) => resolve(message as FleetReport));
    child.send({ type: "report" } satisfies FleetOrder);
  });

const rss = (pid: number): number => memoryOf(pid)?.rssBytes ?? 0;

/** Of the last scrape's interval, as the hub measured it. */
async function loopLagMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^sallyport_nodejs_eventloop_lag_p99_seconds ([\d.e+-]+)/m.exec(text)?.[1] ?? 0) * 1_000;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

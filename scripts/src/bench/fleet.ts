// Ten thousand agents on one hub: what each costs, how fast they come, and how they come back after the hub was killed. The simulated agents
// share the two processors with the hub; what they take is printed beside.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../system/hub-parts.ts";
import { memoryOf, processorSeconds } from "../system/processes.ts";
import type { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import type { BenchOptions } from "./options.ts";
import { allOnline, enrolled, oneAddressArgs, type Simulated, type SimulatedFleet, startFleet } from "./simulated-fleet.ts";
import { percentile } from "./statistics.ts";
import { type Row, standing } from "./table.ts";

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
    args: oneAddressArgs,
    env: { SALLYPORT_LOG_LEVEL: "warn" },
  });
  const keys = await enrolled(parts.dataDir, count);
  const before = rss(parts.hub().pid);
  using simulated = await startFleet(parts, keys, { perSecond: firstWavePerSecond, printing: null });
  const from = performance.now();
  const firstWaveCpu = processorSeconds(parts.hub().pid);
  await allOnline(simulated, count, onlineDeadlineMs, from);
  const connectSeconds = (performance.now() - from) / 1e3;
  const connectCpu = processorSeconds(parts.hub().pid) - firstWaveCpu;
  process.stderr.write(`${count} online after ${connectSeconds.toFixed(1)} s\n`);

  await wait(settleMs);
  const each = (rss(parts.hub().pid) - before) / count;
  const idleFrom = { cpu: processorSeconds(parts.hub().pid), at: performance.now() };
  await wait(idleMs);
  const idleShare = (processorSeconds(parts.hub().pid) - idleFrom.cpu) / ((performance.now() - idleFrom.at) / 1e3);
  process.stderr.write("idle measured, now an order to all\n");
  const ordered = await orderToAll(parts.rest, simulated, keys);
  process.stderr.write("answered, now the storm\n");

  await parts.hub().signal("SIGKILL");
  const stormFrom = performance.now();
  await parts.startHub();
  const readyMs = performance.now() - stormFrom;
  const lags: number[] = [];
  const answers: number[] = [];
  await allOnline(simulated, count, stormDeadlineMs, stormFrom, async () => {
    lags.push(await loopLagMs(parts.address.url));
    answers.push(await timed(() => parts.rest.assets()));
  });
  const stormSeconds = (performance.now() - stormFrom) / 1e3;
  const [back, mostTries] = [await simulated.counted("online"), await simulated.mostTriesInAMinute()];
  process.stderr.write("all back, now revocations\n");
  const revoked = await revokeSome(parts.rest, simulated, keys);
  return [
    standing({
      name: `${count} agents connected, each with TLS and an Ed25519 check`,
      unit: "per s",
      value: count / connectSeconds,
    }),
    standing({ name: "hub processor time for each of them", unit: "ms", value: (connectCpu / count) * 1e3 }),
    standing({ name: "hub memory for each, idle, RSS", unit: "KiB", value: each / 1_024 }, { most: 30 }),
    standing({ name: "hub processor share, all idle with heartbeats", unit: "% of a core", value: idleShare * 100 }, { most: 5 }),
    standing({ name: "a script of 1 KB to all: offered", unit: "s", value: ordered.offeredSeconds }),
    standing({ name: "a script of 1 KB to all: all answers committed", unit: "s", value: ordered.answeredSeconds }, { most: 2 }),
    standing({ name: "storm: hub killed and restarted, all back", unit: "s", value: stormSeconds }, { most: 60 }),
    standing({ name: "storm: of which the hub's own start", unit: "s", value: readyMs / 1e3 }),
    standing({ name: "storm: worst loop lag, a second's p99", unit: "ms", value: Math.max(...lags) }, { most: 200 }),
    standing({ name: "storm: slowest API answer meanwhile", unit: "ms", value: Math.max(...answers) }, { most: 1_000 }),
    standing({ name: "storm: agents not back", unit: "", value: count - back }, { most: 0 }),
    standing(
      {
        name: "storm: most tries of one agent in a minute",
        unit: "",
        value: mostTries,
      },
      { most: 6 },
    ),
    standing({ name: `revoking ${revocations} of them, link closed: p50`, unit: "ms", value: percentile(revoked, 0.5) }),
    standing(
      { name: `revoking ${revocations} of them, link closed: worst`, unit: "ms", value: Math.max(...revoked) },
      { most: 1_000 },
    ),
  ];
}

/** One run takes so many assets. */
const assetsPerRun = 1_000;
const scriptBytes = 1_000;
const answersDeadlineMs = 240_000;

/** From the first request until every agent has its signed offer, and until every answer is committed and acknowledged. */
async function orderToAll(rest: RestClient, simulated: SimulatedFleet, agents: Simulated[]) {
  const script = `# ${"x".repeat(scriptBytes - 2)}`;
  const from = performance.now();
  for (let at = 0; at < agents.length; at += assetsPerRun)
    await rest.startRun({
      assetIds: agents.slice(at, at + assetsPerRun).map(({ assetId }) => assetId),
      script,
      interpreter: "sh",
    });
  const wait = { deadlineMs: answersDeadlineMs, everyMs: 50 };
  await until("every agent has its offer", async () => (await simulated.counted("offers")) >= agents.length, wait);
  const offeredSeconds = (performance.now() - from) / 1e3;
  await until("every answer is committed", async () => (await simulated.counted("answered")) >= agents.length, wait);
  return { offeredSeconds, answeredSeconds: (performance.now() - from) / 1e3 };
}

const revocations = 50;

/** Milliseconds of each revocation, which resolves once the link is closed; and they are closed: nobody has to be believed. */
async function revokeSome(rest: RestClient, simulated: SimulatedFleet, agents: Simulated[]): Promise<number[]> {
  const times: number[] = [];
  const some = agents.filter((_, n) => n % Math.floor(agents.length / revocations) === 0).slice(0, revocations);
  for (const { id } of some) times.push(await timed(() => rest.revokeAgent(id, "measured")));
  const left = agents.length - some.length;
  await until("the revoked are offline", async () => (await simulated.counted("online")) === left, {
    deadlineMs: 10_000,
    everyMs: 100,
  });
  return times;
}

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

// Memory of hub, database and agent with the console open, and how long starts take, cold and warm.
import http from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { openBrowser } from "../system/browser.ts";
import { signIn } from "../system/console.ts";
import { freePort } from "../system/free-port.ts";
import { adminEnvironment, type LaunchedHub, launchHub } from "../system/launched-hub.ts";
import { type Memory, memoryOf } from "../system/processes.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import type { BenchOptions } from "./options.ts";
import { median } from "./statistics.ts";
import { type Row, standing } from "./table.ts";

/** Start-up's garbage is collected by then; what is measured is a hub at rest with a console open. */
const restMs = 20_000;
const memorySamples = 5;
const startDeadlineMs = 90_000;
const sampleEveryMs = 1_000;

type Start = { consoleMs: number; onlineMs: number; hub: LaunchedHub };

export async function footprint({ rounds }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-footprint");
  const cold = await timeStart(folder.path);
  await cold.hub.stop();
  const warm: Start[] = [];
  for (let round = 1; round < rounds; round += 1) {
    const start = await timeStart(folder.path);
    await start.hub.stop();
    warm.push(start);
  }
  const last = await timeStart(folder.path);
  warm.push(last);
  await using hub = last.hub;
  await using browser = await openBrowser();
  const page = await browser.page();
  await signIn(page, hub.url);
  await page.waitForLoadState("networkidle");
  const memory = await sampleMemory(hub);
  const MB = (bytes: number) => bytes / 1e6;
  return [
    standing(
      { name: "hub + database, shared pages once", unit: "MB", value: MB(memory.hub.rssBytes + memory.database.pssBytes) },
      { most: 350 },
    ),
    standing(
      { name: "hub + database, sum of RSS", unit: "MB", value: MB(memory.hub.rssBytes + memory.database.rssBytes) },
      { most: 350 },
    ),
    standing({ name: "hub, RSS", unit: "MB", value: MB(memory.hub.rssBytes) }),
    standing({ name: "hub, highest RSS since its start", unit: "MB", value: MB(highestRss(hub)) }),
    standing({ name: "database, all processes, RSS", unit: "MB", value: MB(memory.database.rssBytes) }),
    standing({ name: "database, all processes, PSS", unit: "MB", value: MB(memory.database.pssBytes) }),
    standing({ name: "agent, RSS", unit: "MB", value: MB(memory.agent.rssBytes) }, { most: 60 }),
    standing({ name: "agent, PSS", unit: "MB", value: MB(memory.agent.pssBytes) }),
    standing({ name: "launcher, RSS", unit: "MB", value: MB(memory.launcher.rssBytes) }),
    standing({ name: "cold start to console", unit: "s", value: cold.consoleMs / 1e3 }),
    standing({ name: "cold start to agent online", unit: "s", value: cold.onlineMs / 1e3 }),
    standing(
      { name: "warm start to console", unit: "s", value: median(warm.map((start) => start.consoleMs)) / 1e3 },
      { most: 5 },
    ),
    standing(
      { name: "warm start to agent online", unit: "s", value: median(warm.map((start) => start.onlineMs)) / 1e3 },
      { most: 5 },
    ),
  ];
}

function highestRss(hub: LaunchedHub): number {
  const main = hub.processes().find(({ command }) => partOf(command) === "hub");
  return main === undefined ? 0 : (memoryOf(main.pid)?.highestBytes ?? 0);
}

/** From the spawn until the console answers 200, and until the launcher says that all is ready. */
async function timeStart(dataDir: string): Promise<Start> {
  const port = await freePort();
  const from = performance.now();
  const args = ["--port", String(port), "--agent-port", "0"];
  const starting = launchHub({
    dataDir,
    args,
    env: { ...adminEnvironment, SALLYPORT_BUILD: process.env.SALLYPORT_BUILD ?? "1" },
  });
  const given = new AbortController();
  const answering = until("console answers", () => given.signal.aborted || answers(port), {
    deadlineMs: startDeadlineMs,
    everyMs: 10,
  });
  const [started, consoleMs] = await Promise.allSettled([
    starting.finally(() => given.abort()),
    answering.then(() => performance.now() - from),
  ]);
  if (started.status === "rejected") throw started.reason;
  if (consoleMs.status === "rejected") {
    await started.value.stop();
    throw consoleMs.reason;
  }
  return { hub: started.value, consoleMs: consoleMs.value, onlineMs: started.value.startMs };
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    http
      .get({ host: "127.0.0.1", port, path: "/" }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .once("error", () => resolve(false));
  });

type Share = Pick<Memory, "rssBytes" | "pssBytes">;
type Parts = { hub: Share; database: Share; agent: Share; launcher: Share };

const partOf = (command: string): keyof Parts | null => {
  if (command.includes("hub/dist/main.js")) return "hub";
  if (/agent\.cjs run/.test(command)) return "agent";
  if (command.includes("scripts/bin/start.mjs")) return "launcher";
  return /postgres/.test(command) ? "database" : null;
};

/** The middle of several readings a second apart: the programs keep collecting garbage while they idle. */
async function sampleMemory(hub: LaunchedHub): Promise<Parts> {
  await wait(restMs);
  const readings: Parts[] = [];
  for (let n = 0; n < memorySamples; n += 1) {
    await wait(sampleEveryMs);
    readings.push(readMemory(hub));
  }
  const middle = (part: keyof Parts): Share => ({
    rssBytes: median(readings.map((reading) => reading[part].rssBytes)),
    pssBytes: median(readings.map((reading) => reading[part].pssBytes)),
  });
  return { hub: middle("hub"), database: middle("database"), agent: middle("agent"), launcher: middle("launcher") };
}

function readMemory(hub: LaunchedHub): Parts {
  const none = () => ({ rssBytes: 0, pssBytes: 0 });
  const parts: Parts = { hub: none(), database: none(), agent: none(), launcher: none() };
  for (const { pid, command } of hub.processes()) {
    const part = partOf(command);
    const memory = memoryOf(pid);
    if (part === null || memory === null) continue;
    parts[part].rssBytes += memory.rssBytes;
    parts[part].pssBytes += memory.pssBytes;
  }
  return parts;
}

// The clocks of hub and agent jump by an hour, forward and back, while scripts run and a task is due every few seconds.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { ownDatabase } from "../../src/system/own-database.ts";
import type { RestClient } from "../../src/system/rest-client.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault } from "./fault.ts";
import { clockLibrary, steppedClock } from "./stepped-clock.ts";
import { WitnessedScripts } from "./witnessed-scripts.ts";

const scriptSeconds = 2;
const dueSeconds = 2;
const endDeadlineMs = 60_000;

/** `moments`: those that the runs were due at, each once. */
type Started = { runs: number; moments: number };

export const runsClockSteps: Fault = {
  name: "runs-clock-steps",
  sentence: "clocks of hub and agent an hour forward and back under scripts and a schedule",
  needs: ["unshare", clockLibrary],
  slow: true,
  run: async (form) => {
    using folder = tempFolder("runs-clock");
    const hubClock = steppedClock(folder.path, "hub");
    const agentClock = steppedClock(folder.path, "agent");
    await using parts = await startHubParts({ folder: folder.path, env: hubClock.env });
    const { rest } = parts;
    const { assetId } = await parts.addAgent({ name: "one", env: agentClock.env });
    const scripts = new WitnessedScripts(rest, folder.path);
    const all: [string, string][] = [
      ["+3600", "+0"],
      ["+3600", "+3600"],
      ["+0", "+3600"],
      ["-3600", "+0"],
      ["+0", "+0"],
    ];
    // Forward, where what was due is missed, and back, where what is due has come nearer again.
    const steps = form === "long" ? all : all.slice(0, 1);
    const task = await scheduled(rest, assetId);
    await using database = { sql: ownDatabase(parts.dataDir), [Symbol.asyncDispose]: () => database.sql.end() };
    const started = async (): Promise<Started> => {
      const [row] = await database.sql<Started[]>`
        select count(*)::int as runs, count(distinct due_at)::int as moments from runs r left join task_fires f on f.run_id = r.id where r.task_id = ${task}`;
      return row ?? { runs: 0, moments: 0 };
    };
    // libfaketime looks once a second. Agents hear the hub's time with each heartbeat, every 15 s; sooner, the first order after a step may be refused.
    const stepMs = form === "long" ? 16_000 : 1_500;
    let late = 0;
    for (const [hub, far] of steps) {
      await scripts.start([assetId], scriptSeconds);
      await wait(500); // so that it steps under a script that runs
      hubClock.set(hub);
      agentClock.set(far);
      await wait(stepMs);
      await scripts.start([assetId], scriptSeconds);
      const before = (await started()).runs;
      const began = async () => (await started()).runs > before;
      await until("the task begins again", began, { deadlineMs: (dueSeconds + 8) * 1_000, everyMs: 250 }).catch(() => {
        late += 1;
      });
    }
    const figures = await scripts.account(endDeadlineMs);
    const { runs, moments } = await started();
    return {
      rounds: steps.length,
      figures: [
        ...figures,
        { what: "runs of the task", value: runs, unit: "", atLeast: steps.length },
        { what: "moments run twice", value: runs - moments, unit: "", atMost: 0 },
        { what: "steps after which the task was not due again in time", value: late, unit: "", atMost: 0 },
      ],
    };
  },
};

async function scheduled(rest: RestClient, assetId: string): Promise<string> {
  const { id: scriptId } = await rest.json<{ id: string }>("POST", "/scripts", {
    name: "nothing",
    interpreter: "sh",
    body: "true",
  });
  const schedule = { kind: "cron", expression: `*/${dueSeconds} * * * * *`, timeZone: "UTC" };
  const task = { name: "often", scriptId, targets: { assetIds: [assetId] }, schedule, overlap: "parallel" };
  return (await rest.json<{ id: string }>("POST", "/tasks", task)).id;
}

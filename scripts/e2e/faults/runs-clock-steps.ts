// The clocks of hub and agent jump by an hour, forward and back, while scripts run and a task is due every few seconds.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import type { RestClient } from "../../src/system/rest-client.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault } from "./fault.ts";
import { clockLibrary, steppedClock } from "./stepped-clock.ts";
import { WitnessedScripts } from "./witnessed-scripts.ts";

const scriptSeconds = 2;
const dueSeconds = 2;
const endDeadlineMs = 60_000;

type Fires = { items: { id: string; dueAt: string; outcome: string; more: number }[] };

export const runsClockSteps: Fault = {
  name: "runs-clock-steps",
  sentence: "clocks of hub and agent an hour forward and back under scripts and a schedule",
  needs: ["unshare", clockLibrary],
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
    const fires = async () => (await rest.json<Fires>("GET", `/tasks/${task}/fires?limit=200`)).items;
    let late = 0;
    for (const [hub, far] of steps) {
      await scripts.start([assetId], scriptSeconds);
      await wait(500); // so that it steps under a script that runs
      hubClock.set(hub);
      agentClock.set(far);
      await wait(1_500); // libfaketime looks once a second
      await scripts.start([assetId], scriptSeconds);
      const known = new Set((await fires()).map(({ id }) => id));
      const began = async () => (await fires()).some(({ id, outcome }) => outcome === "started" && !known.has(id));
      await until("the task begins again", began, { deadlineMs: (dueSeconds + 8) * 1_000, everyMs: 250 }).catch(() => {
        late += 1;
      });
    }
    const figures = await scripts.account(endDeadlineMs);
    const moments = (await fires()).filter(({ outcome }) => outcome === "started").map(({ dueAt }) => dueAt);
    return {
      rounds: steps.length,
      figures: [
        ...figures,
        { what: "runs of the task", value: moments.length, unit: "", atLeast: steps.length },
        { what: "moments run twice", value: moments.length - new Set(moments).size, unit: "", atMost: 0 },
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

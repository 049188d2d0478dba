// The agent dies without a word at each step of a script's life: told from outside, by the files of its journal. Scripts go on without it.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type AgentPart, type HubParts, startHubParts } from "../../src/system/hub-parts.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault, Figure } from "./fault.ts";
import { WitnessedScripts } from "./witnessed-scripts.ts";

/** Files of an execution's folder, in the order they come to be (agent/src/run/task.ts). */
const steps = ["order.bin", "go", "started.json", "exit.json"] as const;
/** When it is killed: before it reads the hint, at the first of these files, or once it has told a result to a hub that does not hear. */
const moments = ["before it looks", ...steps, "result unheard"] as const;
type Moment = (typeof moments)[number];
/** Claimed, running, ended: one of each kind. */
const fewMoments: readonly Moment[] = ["order.bin", "started.json", "result unheard"];

const scriptsAtOnce = 4;
const scriptSeconds = 1;
const stepDeadlineMs = 30_000;
const endDeadlineMs = 90_000;
/** On a busy machine a round takes long; then there are fewer of them. */
const roundsMs = 210_000;

export const runsAgentKilled: Fault = {
  name: "runs-agent-killed",
  sentence: "agent kill -9 at each step of a script",
  needs: ["unshare"],
  slow: true,
  run: async (form) => {
    const [rounds, chosen] = form === "long" ? [12, moments] : [1, fewMoments];
    using folder = tempFolder("runs-agent-killed");
    await using parts = await startHubParts({ folder: folder.path });
    const agent = await parts.addAgent({ name: "one" });
    const scripts = new WitnessedScripts(parts.rest, folder.path);
    const found = new Map<string, number>();
    let broken = 0;
    for (const from = performance.now(); broken < rounds && performance.now() - from < roundsMs; broken += 1) {
      for (const moment of chosen) {
        await kill(parts, agent, moment, () => startSome(scripts, agent));
        for (const at of journalled(agent)) found.set(at, (found.get(at) ?? 0) + 1);
        agent.start();
        await until("the agent is back", () => isOnline(parts, agent), { deadlineMs: 30_000 });
      }
    }
    // A script that began and whose runner had not made its mark yet may be told as unknown: one for each time it was hit there, at most.
    const figures = await scripts.account(endDeadlineMs, { unknownMax: found.get("go") ?? 0 });
    const hit = ["claimed", "go", "running", "ended"].map(
      (at): Figure => ({ what: `found ${at}`, value: found.get(at) ?? 0, unit: "" }),
    );
    return { rounds: broken * chosen.length, figures: [...figures, ...hit] };
  },
};

async function startSome(scripts: WitnessedScripts, { assetId }: AgentPart): Promise<void> {
  await Promise.all(Array.from({ length: scriptsAtOnce }, () => scripts.start([assetId], scriptSeconds)));
}

async function kill(parts: HubParts, agent: AgentPart, moment: Moment, begin: () => Promise<void>): Promise<void> {
  const part = agent.part();
  if (moment === "before it looks") {
    await part.signal("SIGSTOP");
    await begin();
  } else if (moment === "result unheard") {
    await begin();
    await until("a script runs", () => journalled(agent).includes("running"), { everyMs: 5 });
    await parts.hub().signal("SIGSTOP");
    await until("its end is journalled", () => journalled(agent).includes("ended"), { everyMs: 5 });
  } else {
    const begun = begin();
    const before = new Set(filesNamed(agent, moment));
    const deadline = performance.now() + stepDeadlineMs;
    while (filesNamed(agent, moment).every((file) => before.has(file))) {
      if (performance.now() > deadline) throw new Error(`no script came to ${moment}`);
      await turn(); // not a timer: the next step is milliseconds away
    }
    process.kill(part.pid, "SIGKILL");
    await begun;
  }
  await part.signal("SIGKILL");
  await parts.hub().signal("SIGCONT");
}

function filesNamed({ stateDir }: AgentPart, name: string): string[] {
  return folders(stateDir)
    .map((folder) => path.join(folder, name))
    .filter((file) => existsSync(file));
}

/** How far each execution of the journal has come. */
function journalled({ stateDir }: AgentPart): string[] {
  return folders(stateDir).map((folder) => {
    const has = (name: string) => existsSync(path.join(folder, name));
    if (has("exit.json")) return "ended";
    if (has("started.json")) return "running";
    return has("go") ? "go" : "claimed";
  });
}

function folders(stateDir: string): string[] {
  const journal = path.join(stateDir, "journal");
  return (existsSync(journal) ? readdirSync(journal) : [])
    .filter((name) => name.startsWith("exe_"))
    .map((name) => path.join(journal, name));
}

const isOnline = async ({ rest }: HubParts, { agentId }: AgentPart) =>
  (await rest.agents()).some(({ id, state }) => id === agentId && state === "online");

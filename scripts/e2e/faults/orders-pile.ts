// An agent that asked for its work and was then stopped (SIGSTOP): signed orders pile up for it that it will not read. Nobody else may feel
// that, the hub may not hold them all, and what was not read is done when the agent is back.
import { type ChildProcess, fork } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { FleetOrder, FleetReport } from "../../src/bench/fleet-agents.ts";
import { type AgentPart, type HubParts, startHubParts } from "../../src/system/hub-parts.ts";
import { memoryOf } from "../../src/system/processes.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import { echoes } from "./echoes.ts";
import type { Fault, Figure } from "./fault.ts";

const MiB = 1_048_576;
/** Not what it holds for one agent, which is 4 MiB: the garbage of making 13 MiB of orders, each copied a few times, is in it too. */
const grownMiBMax = 128;
/** What is asked for must be more than the kernels' buffers take (6 MiB over loopback) and the hub keeps for one agent (4 MiB). */
const forms = {
  short: { orders: 64, scriptBytes: 210 * 1_024, pulls: 8 },
  long: { orders: 10_000, scriptBytes: 8 * 1_024, pulls: 300 }, // an agent may say 400 things at once, and is asked for nothing else
};
/** Of ten thousand scripts an agent takes half an hour; the first of them are those that it had been sent. */
const ranMax = 200;
/** Requests to the API at once, so that the runs are there soon. */
const atOnce = 8;
const afterwardsMs = 1_000;
const exitCode = 7;

export const ordersPile: Fault = {
  name: "orders-pile",
  sentence: "an agent stopped (SIGSTOP) before it read the orders it had asked for",
  needs: ["unshare"],
  busy: true,
  run: async (form) => {
    const { orders, scriptBytes, pulls } = forms[form];
    using folder = tempFolder("orders-pile");
    await using parts = await startHubParts({ folder: folder.path });
    const { rest } = parts;
    const [other, frozen] = await Promise.all([parts.addAgent({ name: "other" }), parts.addAgent({ name: "frozen" })]);
    await frozen.part().signal("SIGKILL"); // its identity is the witness's from now on, and its own again in the end
    await until("it is offline", async () => (await stateOf(parts, frozen.agentId)) === "offline");
    const witness = fork(path.join(import.meta.dirname, "../../src/bench/fleet-agents.ts"));
    using _gone = { [Symbol.dispose]: () => void witness.kill("SIGKILL") };
    await link(witness, parts, frozen);
    await told(witness, { type: "stop-reading" }); // each run below is a RunLook that it leaves unread
    const comment = "#".repeat(scriptBytes);
    const runs: string[] = [];
    const create = async () => {
      while (runs.length < orders) {
        const at = runs.push("") - 1;
        runs[at] = await rest.startRun({ assetIds: [frozen.assetId], script: `exit ${exitCode} ${comment}`, interpreter: "sh" });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, create));

    const beside = await echoes(rest, other.assetId, 5);
    try {
      const rss = () => memoryOf(parts.hub().pid)?.rssBytes ?? 0;
      const before = rss();
      let most = before;
      const from = performance.now();
      await told(witness, { type: "ask", pulls });
      witness.kill("SIGSTOP");
      await until(
        "the frozen agent was cut",
        async () => {
          most = Math.max(most, rss());
          return (await stateOf(parts, frozen.agentId)) === "offline";
        },
        { deadlineMs: 60_000 },
      );
      const cutSeconds = (performance.now() - from) / 1e3;
      await wait(afterwardsMs); // what it cost the hub to be rid of it counts as well
      const { count, p50Ms, p99Ms, worstMs } = await beside.stop();

      witness.kill("SIGKILL");
      const returned = form === "long" ? await doneWhenBack(parts, frozen, runs.toSorted().slice(0, ranMax)) : [];
      return {
        rounds: 1,
        figures: [
          { what: "orders waiting, a hint unread for each", value: orders, unit: "" },
          { what: "cut after", value: cutSeconds, unit: "s", atMost: 10 },
          {
            what: "as one that does not read",
            value: /"end":"stalled"/.test(parts.hubLog()) ? 1 : 0,
            unit: "",
            atLeast: 1,
          },
          { what: "echo of another agent meanwhile", value: count, unit: "letters" },
          { what: "p50", value: p50Ms, unit: "ms" },
          { what: "p99", value: p99Ms, unit: "ms", atMost: 250 },
          { what: "worst", value: worstMs, unit: "ms" },
          { what: "hub's memory grew by", value: (most - before) / MiB, unit: "MiB", atMost: grownMiBMax },
          ...returned,
        ],
      };
    } finally {
      beside.terminal.leave();
    }
  },
};

/** Each script says by its exit code that it ran. */
async function doneWhenBack({ rest }: HubParts, agent: AgentPart, runs: string[]): Promise<Figure[]> {
  const from = performance.now();
  agent.start();
  let ran = 0;
  for (const id of runs) {
    const { executions } = await rest.finishedRun(id, { deadlineMs: 120_000, everyMs: 200 });
    if (executions[0]?.exitCode === exitCode) ran += 1;
  }
  return [
    { what: "scripts that ran once it was back", value: ran, unit: "", atLeast: runs.length },
    { what: "all of them after", value: (performance.now() - from) / 1e3, unit: "s" },
  ];
}

const stateOf = async ({ rest }: HubParts, agentId: string) => (await rest.agents()).find(({ id }) => id === agentId)?.state;

/** The witness under the identity that the agent's folder holds. */
async function link(witness: ChildProcess, parts: HubParts, { agentId, stateDir }: { agentId: string; stateDir: string }) {
  const { hubId, caPem } = JSON.parse(readFileSync(path.join(stateDir, "identity.json"), "utf8"));
  const key = createPrivateKey(readFileSync(path.join(stateDir, "key.pem"))).export({ format: "der", type: "pkcs8" });
  witness.send({
    type: "start",
    host: "127.0.0.1",
    port: parts.address.agentPort,
    hubId,
    caPem,
    agents: [{ id: agentId, key: key.toString("base64") }],
    perSecond: 1,
    printing: null,
  } satisfies FleetOrder);
  await until("the witness is linked", async () => (await told(witness, { type: "report" })).online === 1);
}

const told = (witness: ChildProcess, order: FleetOrder) =>
  new Promise<FleetReport>((resolve) => {
    witness.once("message", (message) => resolve(message as FleetReport));
    witness.send(order);
  });

// The hub dies without a word at random moments while scripts wait, are claimed, run and end on many agents.
import { setTimeout as wait } from "node:timers/promises";
import { type HubParts, startHubParts } from "../../src/system/hub-parts.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault } from "./fault.ts";
import { WitnessedScripts } from "./witnessed-scripts.ts";

/** roundsMs: on a busy machine a round takes long; then there are fewer of them. */
const forms = {
  short: { rounds: 2, agents: 3, underWay: 12, liveMs: 1_500, scriptSeconds: 2, roundsMs: 210_000 },
  long: { rounds: 50, agents: 20, underWay: 100, liveMs: 3_000, scriptSeconds: 8, roundsMs: 900_000 },
};
/** Agents without a hub dial less and less often; with so many of them back there is enough to break. */
const enoughBack = 0.3;
const backDeadlineMs = 30_000;
const endDeadlineMs = 120_000;

export const runsHubKilled: Fault = {
  name: "runs-hub-killed",
  sentence: "hub kill -9 at random moments under scripts on many agents",
  needs: ["unshare"],
  run: async (form) => {
    const { rounds, agents: count, underWay, liveMs, scriptSeconds, roundsMs } = forms[form];
    using folder = tempFolder("runs-hub-killed");
    await using parts = await startHubParts({ folder: folder.path });
    const agents = await Promise.all(Array.from({ length: count }, (_, n) => parts.addAgent({ name: `agent-${n}` })));
    const assetIds = agents.map(({ assetId }) => assetId);
    const scripts = new WitnessedScripts(parts.rest, folder.path);
    let broken = 0;
    for (const from = performance.now(); broken < rounds && performance.now() - from < roundsMs; broken += 1) {
      const back = async () => (await online(parts)) >= count * enoughBack;
      await until("agents are back", back, { deadlineMs: backDeadlineMs, everyMs: 100 });
      for (let left = underWay - (await scripts.underWay()); left >= count; left -= count)
        await scripts.start(assetIds, Math.random() * scriptSeconds);
      await wait(Math.random() * liveMs);
      await parts.hub().signal("SIGKILL");
      await parts.startHub();
    }
    return { rounds: broken, figures: await scripts.account(endDeadlineMs) };
  },
};

const online = async ({ rest }: HubParts) => (await rest.agents()).filter(({ state }) => state === "online").length;

// Twenty terminals that never stop printing, in front of people whose network takes a kilobyte a second.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { memoryOf, processTree } from "../../src/system/processes.ts";
import { SteadyTerminal } from "../../src/system/steady-terminal.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import { echoes } from "./echoes.ts";
import type { Fault } from "./fault.ts";

const terminals = 20;
const MiB = 1024 * 1024;

export const flood: Fault = {
  name: "flood",
  sentence: `yes(1) in ${terminals} terminals before readers of 1 kB/s`,
  needs: ["unshare"],
  busy: true,
  run: async (form) => {
    using folder = tempFolder("flood");
    await using parts = await startHubParts({ folder: folder.path });
    const agent = await parts.addAgent({ name: "one" });
    const other = await parts.addAgent({ name: "two" });
    await (await echoes(parts.rest, other.assetId)).stop(); // a hub that has warmed up
    const rssOf = () => memoryOf(parts.hub().pid)?.rssBytes ?? 0;
    const before = rssOf();
    const { url, key } = parts.rest;
    const slow = Array.from(
      { length: terminals },
      () => new SteadyTerminal({ url, key, assetId: agent.assetId, bytesPerSecond: 1_024, keepBytes: MiB }),
    );
    try {
      for (const terminal of slow) await until("a slow terminal opened", () => terminal.opens > 0);
      // The printing hosts are this machine here: their twenty programs must not take the hub's turns on its processors.
      for (const terminal of slow) terminal.type("exec nice -n 19 yes\r");
      const printing = () => processTree(agent.part().pid).filter(({ command }) => command === "yes").length;
      await until("all print", () => printing() === terminals, { deadlineMs: 30_000 });
      const beside = await echoes(parts.rest, other.assetId);
      let most = 0;
      for (const deadline = performance.now() + (form === "long" ? 60_000 : 6_000); performance.now() < deadline; await wait(100))
        most = Math.max(most, rssOf());
      const from = performance.now();
      for (const terminal of slow) terminal.type("\u0003");
      await until("none prints any more", () => printing() === 0, { deadlineMs: 10_000, everyMs: 10 });
      const stoppedMs = performance.now() - from;
      const { p50Ms, p99Ms, count } = await beside.stop();
      return {
        rounds: 1,
        figures: [
          { what: "hub's memory grew by", value: (most - before) / MiB, unit: "MiB", atMost: 64 },
          { what: "echo beside it", value: count, unit: "letters" },
          { what: "p50", value: p50Ms, unit: "ms" },
          { what: "p99", value: p99Ms, unit: "ms", atMost: 100 },
          { what: "Ctrl-C ended the last of them after", value: stoppedMs, unit: "ms", atMost: 1_000 },
        ],
      };
    } finally {
      for (const terminal of slow) terminal.leave();
    }
  },
};

// The hub dies without a word, again and again, under twenty terminals that print.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import type { Fault } from "./fault.ts";
import { numberedLines } from "./numbered-lines.ts";

const terminals = 20;

/** An agent whose link held this long dials at once when it is lost; sooner, it takes the hub for one that keeps failing and dials less often. */
const steadyMs = 10_500;

export const hubKilled: Fault = {
  name: "hub-killed",
  sentence: `hub kill -9 under ${terminals} printing terminals`,
  needs: ["python3", "unshare"],
  busy: true,
  run: async (form) => {
    const rounds = form === "long" ? 20 : 1;
    using folder = tempFolder("hub-killed");
    await using parts = await startHubParts({ folder: folder.path });
    const agent = await parts.addAgent({ name: "one" });
    const lines = await numberedLines(parts.rest, [agent.assetId], terminals, folder.path);
    const backMs: number[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        await wait((form === "long" ? steadyMs : 1_000) + 97 * round); // so that it dies in different places of the writer's 100 ms
        const from = performance.now();
        await parts.hub().signal("SIGKILL");
        const ends = lines.terminals.map((terminal) => terminal.end);
        await parts.startHub();
        await Promise.all(lines.terminals.map((terminal, n) => terminal.passes(ends[n] ?? 0)));
        backMs.push(performance.now() - from);
      }
      const { bytes, wrongOnScreen, wrongInLog } = await lines.finish();
      return {
        rounds,
        figures: [
          { what: "compared", value: bytes, unit: "bytes", atLeast: 1 },
          { what: "lost or doubled on screens", value: wrongOnScreen, unit: "bytes", atMost: 0 },
          { what: "lost or doubled in recordings", value: wrongInLog, unit: "bytes", atMost: 0 },
          { what: "all back, slowest round", value: Math.max(...backMs) / 1_000, unit: "s", atMost: 10 },
        ],
      };
    } finally {
      lines.leave();
    }
  },
};

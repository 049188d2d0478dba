// The clocks of hub and agent jump by an hour, forward and back, while terminals print.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import type { Fault } from "./fault.ts";
import { numberedLines } from "./numbered-lines.ts";
import { clockLibrary, steppedClock } from "./stepped-clock.ts";
import { typedBytes } from "./typed-bytes.ts";

export const clockSteps: Fault = {
  name: "clock-steps",
  sentence: "clocks of hub and agent an hour forward and back",
  needs: ["python3", "unshare", clockLibrary],
  run: async (form) => {
    using folder = tempFolder("clock");
    const hubClock = steppedClock(folder.path, "hub");
    const agentClock = steppedClock(folder.path, "agent");
    await using parts = await startHubParts({ folder: folder.path, env: hubClock.env });
    const agent = await parts.addAgent({ name: "one", env: agentClock.env });
    const lines = await numberedLines(parts.rest, [agent.assetId], 3, folder.path);
    const typing = await typedBytes(parts.rest, agent.assetId, folder.path);
    // Agents hear the hub's time with each heartbeat, every 15 s; sooner, the first order after a step may be refused.
    const stepMs = form === "long" ? 16_000 : 1_500;
    const all: [string, string][] = [
      ["+3600", "+0"],
      ["+3600", "+3600"],
      ["+0", "+3600"],
      ["-3600", "+0"],
      ["+0", "+0"],
    ];
    const steps = form === "long" ? all : [["+0", "+3600"] satisfies [string, string]]; // an agent counts on from what the hub said and needs no wait
    let refused = 0;
    try {
      for (const [hub, far] of steps) {
        hubClock.set(hub);
        agentClock.set(far);
        await wait(stepMs);
        typing.typeLine();
        // A new order must be taken in spite of what the two clocks say.
        const id = await parts.rest.startRun({ assetIds: [agent.assetId], script: "echo ok", interpreter: "sh" });
        const run = await parts.rest.finishedRun(id, { deadlineMs: 15_000 });
        if (run.executions[0]?.exitCode !== 0) refused += 1;
      }
      const typed = await typing.finish();
      const { wrongOnScreen, wrongInLog, bytes } = await lines.finish();
      return {
        rounds: steps.length,
        figures: [
          { what: "sockets reopened", value: lines.terminals.reduce((sum, { opens }) => sum + opens - 1, 0), unit: "" },
          { what: "scripts not run", value: refused, unit: "", atMost: 0 },
          { what: "printed", value: bytes, unit: "bytes", atLeast: 1 },
          { what: "lost or doubled on screens", value: wrongOnScreen, unit: "bytes", atMost: 0 },
          { what: "lost or doubled in recordings", value: wrongInLog, unit: "bytes", atMost: 0 },
          { what: "typed bytes lost or doubled", value: typed.wrong, unit: "bytes", atMost: 0 },
        ],
      };
    } finally {
      lines.leave();
      typing.terminal.leave();
    }
  },
};

// The disk under the hub's recordings, then the one under the agent's state, is full. Nobody may work unrecorded; nothing may crash.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { smallDisk } from "../../src/system/small-disk.ts";
import { SteadyTerminal } from "../../src/system/steady-terminal.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault } from "./fault.ts";

export const diskFull: Fault = {
  name: "disk-full",
  sentence: "the hub's recordings' disk, then the agent's, full",
  needs: ["root", "mount", "umount", "dd", "unshare"],
  run: async (form) => {
    const fullMs = form === "long" ? 30_000 : 2_000;
    using folder = tempFolder("disk-full");
    using logs = smallDisk(path.join(folder.path, "logs-disk"), 140); // the hub keeps 100 MiB of it in reserve
    const state = path.join(folder.path, "agent-disk");
    using agentDisk = smallDisk(state, 8);
    const dataDir = path.join(folder.path, "data");
    mkdirSync(dataDir);
    symlinkSync(path.join(folder.path, "logs-disk"), path.join(dataDir, "logs"));
    await using parts = await startHubParts({ folder: folder.path, dataDir });
    const agent = await parts.addAgent({ name: "one", stateDir: path.join(state, "state") });
    const open = () =>
      new SteadyTerminal({ url: parts.rest.url, key: parts.rest.key, assetId: agent.assetId, keepBytes: 65_536 });
    const worksAgain = async () => {
      const from = performance.now();
      const terminal = await until("a terminal opens", async () => {
        const tried = open();
        tried.type("echo wor''ks\r");
        const shown = await tried.shows("works", 3_000).then(
          () => true,
          () => false,
        );
        if (shown) return tried;
        tried.leave();
        return null;
      });
      terminal.leave();
      return (performance.now() - from) / 1_000;
    };
    const terminal = open();
    await until("a terminal opened", () => terminal.opens > 0);
    logs.fill();
    terminal.type("exec yes\r");
    await wait(fullMs);
    const from = performance.now();
    const { status } = await parts.rest.request("GET", "/assets");
    const answerMs = performance.now() - from;
    const printedMiB = terminal.end / 1_048_576;
    const ended = terminal.ended;
    logs.free();
    const hubBackSeconds = await worksAgain();
    terminal.leave();

    agentDisk.fill();
    const beside = open();
    beside.type("echo he''re\r");
    await beside.shows("here").catch(() => {});
    const typedWhileFull = beside.output().includes("here");
    beside.leave();
    agentDisk.free();
    const run = await parts.rest.finishedRun(
      await parts.rest.startRun({ assetIds: [agent.assetId], script: "echo ok", interpreter: "sh" }),
    );
    return {
      rounds: 1,
      figures: [
        {
          what: `hub's disk full (the flooding terminal: ${ended ?? "held back"}): shown`,
          value: printedMiB,
          unit: "MiB",
          atMost: 16,
        },
        { what: "API status", value: status, unit: "", atMost: 200 },
        { what: "answered in", value: answerMs, unit: "ms", atMost: 1_000 },
        { what: "hub still the same process", value: existsSync(`/proc/${parts.hub().pid}`) ? 1 : 0, unit: "", atLeast: 1 },
        { what: "with room again a new terminal after", value: hubBackSeconds, unit: "s", atMost: 10 },
        { what: "agent's disk full: terminals open and echo", value: typedWhileFull ? 1 : 0, unit: "" },
        { what: "agent still the same process", value: existsSync(`/proc/${agent.part().pid}`) ? 1 : 0, unit: "", atLeast: 1 },
        {
          what: "with room again a script ended with",
          value: run.executions[0]?.exitCode ?? -1,
          unit: "",
          atMost: 0,
          atLeast: 0,
        },
      ],
    };
  },
};

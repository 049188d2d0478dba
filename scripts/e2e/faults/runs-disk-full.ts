// The disk under the hub's logs, then the one under the agent's state, is full while scripts run and wait. Nothing may be lost without a word.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { type Execution, RestError } from "../../src/system/rest-client.ts";
import { smallDisk } from "../../src/system/small-disk.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault } from "./fault.ts";

const printedBytes = 8_000_000;
const deadlineMs = 120_000;

type Ended = Execution & { truncated: boolean; message: string | null };

export const runsDiskFull: Fault = {
  name: "runs-disk-full",
  sentence: "the disk of the hub's logs, then the agent's, full under scripts",
  needs: ["root", "mount", "umount", "dd", "unshare"],
  slow: true,
  run: async (form) => {
    const fullMs = form === "long" ? 20_000 : 1_500;
    using folder = tempFolder("runs-disk-full");
    const at = (name: string) => path.join(folder.path, name);
    using logs = smallDisk(at("logs-disk"), 160); // the hub begins nothing new below 100 MiB
    using agentDisk = smallDisk(at("agent-disk"), 48);
    mkdirSync(at("data"));
    symlinkSync(at("logs-disk"), at("data/logs"));
    await using parts = await startHubParts({ folder: folder.path, dataDir: at("data") });
    const { rest } = parts;
    const { assetId, part } = await parts.addAgent({ name: "one", stateDir: at("agent-disk/state") });
    const start = (script: string) => rest.startRun({ assetIds: [assetId], script, interpreter: "sh", args: [folder.path] });
    const ended = (id: string) =>
      until(
        `run ${id} ended`,
        async () => {
          const { state, executions } = await rest.json<{ state: string; executions: Ended[] }>("GET", `/runs/${id}`);
          return state === "finished" ? (executions[0] ?? null) : null;
        },
        { deadlineMs, everyMs: 100 },
      );

    const printing = await start(`: > "$1/prints"; sleep 1; head -c ${printedBytes} /dev/urandom | tee "$1/printed"`);
    await until("the script runs", () => existsSync(at("prints")));
    logs.fill();
    await wait(fullMs);
    const refusal = await start("true").then(
      () => "begun",
      (error: unknown) => (error instanceof RestError ? error.code : String(error)),
    );
    const stillGoing = (await rest.run(printing)).state === "running";
    logs.free();
    const printed = await ended(printing);
    const arrived = await rest.output(printed.id, "stdout");

    const cut = await start(`: > "$1/fills"; sleep 1; head -c ${printedBytes} /dev/zero; exit 4`);
    await until("the script runs", () => existsSync(at("fills")));
    agentDisk.fill();
    const waiting = await start('echo x >> "$1/waited"');
    await wait(fullMs);
    agentDisk.free();
    const [cutShort, waited] = await Promise.all([ended(cut), ended(waiting)]);
    const ranTimes = existsSync(at("waited")) ? readFileSync(at("waited"), "utf8").length / 2 : 0;
    const accounted = waited.reason === "finished" ? ranTimes === 1 : ranTimes === 0 && (waited.message ?? "") !== "";
    return {
      rounds: 1,
      figures: [
        {
          what: `hub's disk full: a new run is refused (${refusal})`,
          value: refusal === "storage-full" ? 1 : 0,
          unit: "",
          atLeast: 1,
        },
        { what: "one that prints waits with its agent", value: stillGoing ? 1 : 0, unit: "", atLeast: 1 },
        { what: "with room again it ended with", value: printed.exitCode ?? -1, unit: "", atLeast: 0, atMost: 0 },
        {
          what: "and its output is whole",
          value: sha256(arrived) === sha256(readFileSync(at("printed"))) ? 1 : 0,
          unit: "",
          atLeast: 1,
        },
        {
          what: "agent's disk full: the end of one that prints is known",
          value: cutShort.exitCode ?? -1,
          unit: "",
          atLeast: 4,
          atMost: 4,
        },
        {
          what: "and it is said that its output was cut",
          value: cutShort.truncated && (cutShort.message ?? "").includes("cut") ? 1 : 0,
          unit: "",
          atLeast: 1,
        },
        {
          what: `one that was asked for meanwhile (${waited.reason}) is accounted for`,
          value: accounted ? 1 : 0,
          unit: "",
          atLeast: 1,
        },
        { what: "agent still the same process", value: existsSync(`/proc/${part().pid}`) ? 1 : 0, unit: "", atLeast: 1 },
        { what: "hub still the same process", value: existsSync(`/proc/${parts.hub().pid}`) ? 1 : 0, unit: "", atLeast: 1 },
      ],
    };
  },
};

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

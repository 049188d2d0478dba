// Scripts that behave badly, all at once on one host: each must end as what it was, and leave nothing behind but the daemon it started on purpose.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { memoryOf } from "../../src/system/processes.ts";
import type { Execution, RestClient } from "../../src/system/rest-client.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import type { Fault, Figure } from "./fault.ts";

const MiB = 1_048_576;
/** protocol/src/limits.ts, executionOutputBytesMax. */
const keptBytes = 64 * MiB;
const binaryBytes = 3_000_000;
/** Beyond the windows of the streams and the log's queue, which are a few MiB each. */
const grownMiBMax = 128;

type Ended = Execution & { stdoutBytes: number; truncated: boolean; message: string | null };
/** `$1` is the folder of witnesses. `endsAs`: reason, exit code and signal. */
type BadScript = { name: string; script: string; endsAs: string; timeoutSeconds?: number };

const badScripts = (flood: number): BadScript[] => [
  {
    name: "leaves a daemon that holds its output",
    script:
      'setsid sh -c \'echo $$ > "$0/daemon"; while :; do sleep 1; done\' "$1" & while [ ! -s "$1/daemon" ]; do sleep 0.05; done; echo begun',
    endsAs: "finished 0 null",
  },
  {
    name: "ignores TERM",
    script: "trap '' TERM; while :; do sleep 0.2; done",
    endsAs: "timeout null SIGKILL",
    timeoutSeconds: 1,
  },
  { name: `prints ${flood / MiB} MiB`, script: `head -c ${flood} /dev/zero`, endsAs: "finished 0 null" },
  { name: "prints what is not text", script: `head -c ${binaryBytes} /dev/urandom | tee "$1/binary"`, endsAs: "finished 0 null" },
  {
    name: "closes its output and works on",
    script: 'exec >&- 2>&-; sleep 0.5; : > "$1/silent"; exit 3',
    endsAs: "failed 3 null",
  },
  { name: "never ends", script: "sleep 100000 & wait", endsAs: "timeout null SIGTERM", timeoutSeconds: 1 },
];

export const runsBadScripts: Fault = {
  name: "runs-bad-scripts",
  sentence: "scripts that fork a daemon, ignore TERM, print too much or what is not text, close their output, never end",
  needs: ["unshare"],
  run: async (form) => {
    const flood = form === "long" ? 1_024 * MiB : 100 * MiB;
    using folder = tempFolder("runs-bad-scripts");
    await using parts = await startHubParts({ folder: folder.path });
    const agent = await parts.addAgent({ name: "one" });
    await run(parts.rest, agent.assetId, { name: "", script: "true", endsAs: "" }, folder.path); // what the first one loads is not what a bad one costs
    const pids = { hub: parts.hub().pid, agent: agent.part().pid };
    const before = { hub: rss(pids.hub), agent: rss(pids.agent) };
    const bad = badScripts(flood);
    const ended = await Promise.all(bad.map((one) => run(parts.rest, agent.assetId, one, folder.path)));
    const grown = { hub: highest(pids.hub) - before.hub, agent: highest(pids.agent) - before.agent };
    const wrong = bad.flatMap(({ name, endsAs }, n): Figure[] => {
      const one = ended[n];
      const as = `${one?.reason} ${one?.exitCode} ${one?.signal}`;
      return as === endsAs ? [] : [{ what: `${name}: ended as ${as}, not ${endsAs}`, value: 1, unit: "", atMost: 0 }];
    });
    const flooded = ended[2];
    const binary = ended[3];
    const arrived = await parts.rest.output(binary?.id ?? "", "stdout");
    const daemon = Number(readFileSync(path.join(folder.path, "daemon"), "utf8"));
    const left = processesOf(ended.map(({ id }) => id));
    process.kill(-daemon, "SIGKILL");
    return {
      rounds: bad.length,
      figures: [
        ...wrong,
        {
          what: "kept of the flood",
          value: (flooded?.stdoutBytes ?? 0) / MiB,
          unit: "MiB",
          atLeast: keptBytes / MiB,
          atMost: keptBytes / MiB,
        },
        {
          what: "the flood is told as cut",
          value: flooded?.truncated && flooded.message?.includes("Dropped") ? 1 : 0,
          unit: "",
          atLeast: 1,
        },
        {
          what: "wrong bytes of what is not text",
          value: sha256(arrived) === sha256(readFileSync(path.join(folder.path, "binary"))) ? 0 : 1,
          unit: "",
          atMost: 0,
        },
        { what: "went on without output", value: existsSync(path.join(folder.path, "silent")) ? 1 : 0, unit: "", atLeast: 1 },
        {
          what: "processes left but the daemon's",
          value: left.filter(({ group }) => group !== daemon).length,
          unit: "",
          atMost: 0,
        },
        {
          what: "processes of the daemon, which goes on",
          value: left.filter(({ group }) => group === daemon).length,
          unit: "",
          atLeast: 1,
        },
        { what: "hub's memory grew by", value: grown.hub / MiB, unit: "MiB", atMost: grownMiBMax },
        { what: "agent's memory grew by", value: grown.agent / MiB, unit: "MiB", atMost: grownMiBMax },
      ],
    };
  },
};

async function run(
  rest: RestClient,
  assetId: string,
  { script, timeoutSeconds = 600 }: BadScript,
  folder: string,
): Promise<Ended> {
  const id = await rest.startRun({ assetIds: [assetId], script, interpreter: "sh", args: [folder], timeoutSeconds });
  const ended = await until(
    `run ${id} ended`,
    async () => {
      const { state, executions } = await rest.json<{ state: string; executions: Ended[] }>("GET", `/runs/${id}`);
      return state === "finished" ? (executions[0] ?? null) : null;
    },
    { deadlineMs: 200_000, everyMs: 200 },
  );
  return ended;
}

/** Told by what every process of a script inherits: its execution's id in the environment. */
function processesOf(executionIds: string[]): { pid: number; group: number }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, "latin1").split("\0");
        if (!executionIds.some((id) => environment.includes(`SALLYPORT_EXECUTION=${id}`))) return [];
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        return [{ pid: Number(name), group: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const rss = (pid: number): number => memoryOf(pid)?.rssBytes ?? 0;
const highest = (pid: number): number => memoryOf(pid)?.highestBytes ?? 0;

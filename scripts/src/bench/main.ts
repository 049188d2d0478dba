// `npm run bench`: measures the built programs, prints a table, and with --json FILE writes the same rows.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { access } from "./access.ts";
import { dial } from "./dial.ts";
import { fleet } from "./fleet.ts";
import { fleetRuns } from "./fleet-runs.ts";
import { footprint } from "./footprint.ts";
import { neighbour } from "./neighbour.ts";
import type { BenchOptions } from "./options.ts";
import { longPath } from "./path.ts";
import { relay } from "./relay.ts";
import { rules } from "./rules.ts";
import { runs } from "./runs.ts";
import { schedule } from "./schedule.ts";
import { printRows, type Row } from "./table.ts";

const usage = `npm run bench -- <relay|rules|dial|path|neighbour|runs|fleet|fleet-runs|schedule|access|footprint> [--json FILE] [--rounds N] [--samples N] [--agents N]

  relay       keystroke echo and bulk over TLS beside ssh and ssh -J on loopback, interleaved in one run
  rules       a keystroke's echo and Enter in a terminal whose lines a rule looks at, beside one without
  dial        a TCP stream through the agent beside ssh's forwards, with processor time; keystroke echo beside such a stream
  path        keystroke echo and bulk over 100 ms and 0.5 % loss, beside ssh and scp (root: makes a network namespace)
  neighbour   opening a terminal on a host without an agent beside ssh -J (root: makes a network namespace)
  runs        one script on 100 hosts behind one agent beside clush and ansible (root: makes a network namespace)
  fleet       10,000 simulated agents: what each costs, and the storm after the hub was killed
  fleet-runs  a script on 1,000 and 10,000 simulated agents, the pages of such a run, output a second through the hub to its disk
  schedule    10,000 tasks with schedules, 100 of them due each second
  access      deciding and listing with 10,000 people, 100,000 assets, 20,000 grants and 5,000 nodes
  footprint   memory of hub, database and agent, and start times
`;

const benches: Record<string, (options: BenchOptions) => Promise<Row[]>> = {
  relay,
  rules,
  dial,
  path: longPath,
  neighbour,
  runs,
  fleet,
  "fleet-runs": fleetRuns,
  schedule,
  access,
  footprint,
};

const wholeNumber = (text: string | undefined, fallback: number) => (/^[1-9]\d{0,5}$/.test(text ?? "") ? Number(text) : fallback);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "string" }, rounds: { type: "string" }, samples: { type: "string" }, agents: { type: "string" } },
  });
  const bench = benches[positionals[0] ?? ""];
  if (bench === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const rows = await bench({
    rounds: wholeNumber(values.rounds, 3),
    samples: wholeNumber(values.samples, 300),
    agents: wholeNumber(values.agents, 10_000),
  });
  printRows(rows);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  return 0;
}

process.exitCode = await main();

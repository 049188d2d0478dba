// `npm run bench`: measures the built programs, prints a table, and with --json FILE writes the same rows.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { access } from "./access.ts";
import { dial } from "./dial.ts";
import { fleet } from "./fleet.ts";
import { footprint } from "./footprint.ts";
import { neighbour } from "./neighbour.ts";
import type { BenchOptions } from "./options.ts";
import { longPath } from "./path.ts";
import { relay } from "./relay.ts";
import { printRows, type Row } from "./table.ts";

const usage = `npm run bench -- <relay|dial|path|neighbour|fleet|access|footprint> [--json FILE] [--rounds N] [--samples N] [--agents N]

  relay       keystroke echo and bulk over TLS beside ssh and ssh -J on loopback, interleaved in one run
  dial        a TCP stream through the agent beside ssh's forwards, with processor time; keystroke echo beside such a stream
  path        keystroke echo and bulk over 100 ms and 0.5 % loss, beside ssh and scp (root: makes a network namespace)
  neighbour   opening a terminal on a host without an agent beside ssh -J (root: makes a network namespace)
  fleet       10,000 simulated agents: what each costs, and the storm after the hub was killed
  access      deciding and listing with 10,000 people, 100,000 assets, 20,000 grants and 5,000 nodes
  footprint   memory of hub, database and agent, and start times
`;

const benches: Record<string, (options: BenchOptions) => Promise<Row[]>> = {
  relay,
  dial,
  path: longPath,
  neighbour,
  fleet,
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

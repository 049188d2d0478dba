// Scripts that write down, outside of the product and with fsync, that they began, and print bytes that are known. Afterwards each is accounted for.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Execution, RestClient } from "../../src/system/rest-client.ts";
import { until } from "../../src/system/until.ts";
import type { Figure } from "./fault.ts";

const lines = 200;
const lineOf = (executionId: string, n: number) => `${executionId} ${n} ${"-".repeat(60)}\n`;
const printedBy = (executionId: string) => Array.from({ length: lines }, (_, n) => lineOf(executionId, n)).join("");

/** Takes about so many seconds, spread over its lines. */
const scriptOf = (seconds: number) => `
printf '%s %s\\n' "$SALLYPORT_EXECUTION" "$(date +%s.%N)" >> "$1" && sync "$1"
n=0
while [ "$n" -lt ${lines} ]; do
  printf '%s %s %s\\n' "$SALLYPORT_EXECUTION" "$n" ${"-".repeat(60)}
  n=$((n + 1))
  if [ $((n % 20)) -eq 0 ]; then sleep ${(seconds / (lines / 20)).toFixed(3)}; fi
done`;

export class WitnessedScripts {
  readonly #rest: RestClient;
  readonly #witness: string;
  readonly #runs: string[] = [];
  readonly #unfinished = new Set<string>();

  constructor(rest: RestClient, folder: string) {
    this.#rest = rest;
    this.#witness = path.join(folder, "began");
  }

  /** One on each of these. */
  async start(assetIds: string[], seconds: number): Promise<string> {
    const run = { assetIds, script: scriptOf(seconds), interpreter: "sh", args: [this.#witness], timeoutSeconds: 600 };
    const id = await this.#rest.startRun(run);
    this.#runs.push(id);
    this.#unfinished.add(id);
    return id;
  }

  /** How many of them have not ended. */
  async underWay(): Promise<number> {
    let count = 0;
    for (const id of [...this.#unfinished]) {
      const { state, executions } = await this.#rest.run(id);
      if (state === "finished") this.#unfinished.delete(id);
      else count += executions.filter((one) => one.state !== "finished").length;
    }
    return count;
  }

  /** Waits for all of them and counts. @param unknownMax a crash between journal and start leaves it to a person. */
  async account(deadlineMs: number, { unknownMax = 0 } = {}): Promise<Figure[]> {
    const ended = until("all scripts ended", async () => (await this.underWay()) === 0, { deadlineMs, everyMs: 500 });
    await ended.catch(() => {}); // what is stuck is a figure
    const executions = (await Promise.all(this.#runs.map((id) => this.#rest.run(id)))).flatMap((run) => run.executions);
    const began = this.#began();
    const times = (id: string) => began.get(id) ?? 0;
    const settled = executions.filter(({ state }) => state === "finished");
    const well = settled.filter(({ reason }) => reason === "finished");
    const unknown = settled.filter(({ reason }) => reason === "unknown");
    const wrongOutput = await this.#withWrongOutput(well);
    return [
      { what: "scripts", value: executions.length, unit: "", atLeast: 1 },
      { what: "stuck", value: executions.length - settled.length, unit: "", atMost: 0 },
      { what: "begun twice", value: executions.filter(({ id }) => times(id) > 1).length, unit: "", atMost: 0 },
      { what: "told as finished and never begun", value: well.filter(({ id }) => times(id) === 0).length, unit: "", atMost: 0 },
      { what: "lost", value: settled.length - well.length - unknown.length, unit: "", atMost: 0 },
      { what: "left to a person", value: unknown.length, unit: "", atMost: unknownMax },
      { what: "outputs with a byte too few or too many", value: wrongOutput, unit: "", atMost: 0 },
    ];
  }

  /** How often each wrote that it began. */
  #began(): Map<string, number> {
    const counts = new Map<string, number>();
    if (!existsSync(this.#witness)) return counts;
    for (const line of readFileSync(this.#witness, "utf8").split("\n")) {
      const [id = ""] = line.split(" ");
      if (id !== "") counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  }

  async #withWrongOutput(executions: Execution[]): Promise<number> {
    let wrong = 0;
    for (const { id } of executions) {
      const [stdout, stderr] = await Promise.all([this.#rest.output(id, "stdout"), this.#rest.output(id, "stderr")]);
      if (stdout.toString() !== printedBy(id) || stderr.length > 0) wrong += 1;
    }
    return wrong;
  }
}

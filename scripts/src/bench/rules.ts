// What a rule about lines costs whoever types under it: a keystroke's echo, and the time from Enter to what the line prints, beside a terminal that no rule
// looks at. Typed as people do it: a key each thirtieth of a second, so that the echo of the last one has come when Enter is pressed.
import { startHubParts } from "../system/hub-parts.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { TerminalClient } from "../system/terminal-client.ts";
import { authorityOf } from "./bench-hub.ts";
import type { BenchOptions } from "./options.ts";
import { percentile } from "./statistics.ts";
import { beside, type Row } from "./table.ts";

const warmUps = 5;
const betweenKeysMs = 33;
const line = "echo abc";

type Typed = { echoes: number[]; enters: number[] };

export async function rules({ samples }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-rules");
  await using parts = await startHubParts({ folder: folder.path, env: { SALLYPORT_LOG_LEVEL: "warn" } });
  const { assetId } = await parts.addAgent({ name: "one" });
  const target = {
    url: parts.rest.url.replace(/^http:/, "https:"),
    ca: await authorityOf(parts.dataDir),
    key: parts.rest.key,
    assetId,
  };
  const free = await typed(target, samples);
  await parts.rest.json("POST", "/rules", {
    rule: {
      kind: "command",
      name: "measured",
      targets: [{ kind: "asset", id: assetId }],
      patterns: [{ kind: "words", text: "rm -rf" }],
      outcome: "refuse",
    },
  });
  const ruled = await typed(target, samples);
  const row = (name: string, share: number, of: keyof Typed) =>
    beside({ name, unit: "ms", value: percentile(ruled[of], share) }, "without a rule", percentile(free[of], share));
  return [
    row("echo of a key under a rule, p50", 0.5, "echoes"),
    row("echo of a key under a rule, p99", 0.99, "echoes"),
    row("Enter to output under a rule, p50", 0.5, "enters"),
    row("Enter to output under a rule, p99", 0.99, "enters"),
  ];
}

async function typed(target: ConstructorParameters<typeof TerminalClient>[0], samples: number): Promise<Typed> {
  const terminal = new TerminalClient(target);
  await terminal.opened;
  const next = (): Promise<number> => {
    const from = performance.now();
    return new Promise((resolve) => {
      terminal.onOutput = () => resolve(performance.now() - from);
    });
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(500);
  const echoes: number[] = [];
  const enters: number[] = [];
  for (let n = -warmUps; n < samples; n++) {
    for (const key of line) {
      const echo = next();
      terminal.type(key);
      const ms = await echo;
      if (n >= 0) echoes.push(ms);
      await pause(betweenKeysMs);
    }
    const output = next();
    terminal.type("\r");
    const ms = await output;
    if (n >= 0) enters.push(ms);
    await pause(100); // the prompt
  }
  terminal.type("exit\r");
  await terminal.ended;
  return { echoes, enters };
}

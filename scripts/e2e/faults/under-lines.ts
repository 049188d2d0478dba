// A fault under terminals that print and one that is typed into; afterwards every byte is accounted for.
import { setTimeout as wait } from "node:timers/promises";
import { type AgentPart, type HubParts, startHubParts } from "../../src/system/hub-parts.ts";
import { type PrivateNetwork, privateNetwork } from "../../src/system/private-network.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import type { Figure, Outcome } from "./fault.ts";
import { numberedLines } from "./numbered-lines.ts";
import { typedBytes } from "./typed-bytes.ts";

const terminals = 5;
const typeEveryMs = 500;

export type Surroundings = { parts: HubParts; agent: AgentPart; network: PrivateNetwork | null };

/** One way to break it: `begin`, so many seconds, `end`. */
export type Breaking = {
  name: string;
  seconds: number;
  begin(around: Surroundings): void | Promise<void>;
  end(around: Surroundings): void | Promise<void>;
  /** From `end` until every terminal prints again. */
  backSecondsMax: number;
};

/** @param network number of a private network that the agent lives in; null for this machine's own. */
export async function underLines(name: string, network: number | null, breakings: Breaking[]): Promise<Outcome> {
  using folder = tempFolder(name);
  using line = network === null ? null : privateNetwork(network, { slow: true });
  await using parts = await startHubParts({ folder: folder.path });
  const agent = await parts.addAgent({
    name: "far",
    ...(line === null ? {} : { prefix: line.inside, hubHost: line.hostAddress }),
  });
  const around = { parts, agent, network: line };
  const lines = await numberedLines(parts.rest, [agent.assetId], terminals, folder.path);
  const typing = await typedBytes(parts.rest, agent.assetId, folder.path);
  const timer = setInterval(() => typing.typeLine(), typeEveryMs);
  const figures: Figure[] = [];
  try {
    for (const { name: what, seconds, begin, end, backSecondsMax } of breakings) {
      await wait(500);
      await begin(around);
      await wait(seconds * 1_000);
      const ends = lines.terminals.map((terminal) => terminal.end);
      const from = performance.now();
      await end(around);
      await Promise.all(lines.terminals.map((terminal, n) => terminal.passes(ends[n] ?? 0)));
      const backSeconds = (performance.now() - from) / 1_000;
      figures.push({ what: `${what} ${seconds} s: prints again after`, value: backSeconds, unit: "s", atMost: backSecondsMax });
    }
    clearInterval(timer);
    const typed = await typing.finish();
    const { bytes, wrongOnScreen, wrongInLog } = await lines.finish();
    figures.push(
      { what: "printed", value: bytes, unit: "bytes", atLeast: 1 },
      { what: "lost or doubled on screens", value: wrongOnScreen, unit: "bytes", atMost: 0 },
      { what: "lost or doubled in recordings", value: wrongInLog, unit: "bytes", atMost: 0 },
      { what: "typed", value: typed.typed, unit: "bytes", atLeast: 1 },
      { what: "typed bytes lost or doubled", value: typed.wrong, unit: "bytes", atMost: 0 },
    );
    return { rounds: breakings.length, figures };
  } finally {
    clearInterval(timer);
    lines.leave();
    typing.terminal.leave();
  }
}

// The witness of "the others feel nothing": a terminal that echoes one letter at a time, timed.
import { setTimeout as wait } from "node:timers/promises";
import type { RestClient } from "../../src/system/rest-client.ts";
import { SteadyTerminal } from "../../src/system/steady-terminal.ts";

export type Echoes = {
  terminal: SteadyTerminal;
  stop(): Promise<{ count: number; p50Ms: number; p99Ms: number; worstMs: number }>;
};

/** Types a letter, waits for its echo, pauses, until stopped. */
export async function echoes(rest: RestClient, assetId: string, pauseMs = 20): Promise<Echoes> {
  const terminal = new SteadyTerminal({ url: rest.url, key: rest.key, assetId, keepBytes: 64 * 1024 });
  terminal.type("echo REA''DY; exec cat > /dev/null\r");
  await terminal.shows("READY");
  await wait(300); // cat is there; until then the shell echoes
  const taken: number[] = [];
  let stopped = false;
  const loop = (async () => {
    for (let n = 0; !stopped; n += 1) {
      // A line may hold 4095 letters (N_TTY).
      if (n % 50 === 49) await terminal.echoMs("\r");
      taken.push(await terminal.echoMs());
      await wait(pauseMs);
    }
  })();
  return {
    terminal,
    stop: async () => {
      stopped = true;
      await loop;
      terminal.leave();
      const sorted = taken.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
      return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: sorted.at(-1) ?? Number.NaN };
    },
  };
}

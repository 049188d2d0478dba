// The agent's line: cut both ways, cut one way only, lossy, slow.
import type { Fault } from "./fault.ts";
import { type Breaking, type Surroundings, underLines } from "./under-lines.ts";

/** Live terminals make an agent dial at least every 8 s; TCP's own patience after a long silence is longer than that. */
const backSecondsMax = 40; // a retransmission after 30 s of silence is up to 26 s away

const drop =
  (action: "-I" | "-D", chains: string[]) =>
  ({ network }: Surroundings) => {
    for (const chain of chains) {
      const { status, stderr } = network?.run("iptables", action, chain, "-j", "DROP") ?? { status: 1, stderr: "no network" };
      if (status !== 0) throw new Error(`iptables ${action} ${chain}: ${stderr}`);
    }
  };

const cut = (name: string, seconds: number, chains: string[]): Breaking => ({
  name,
  seconds,
  begin: drop("-I", chains),
  end: drop("-D", [...chains].reverse()),
  backSecondsMax,
});

const impaired = (name: string, seconds: number, line: { delayMs?: number; lossPercent?: number }): Breaking => ({
  name,
  seconds,
  begin: ({ network }) => network?.impair(line),
  end: ({ network }) => network?.impair({}),
  backSecondsMax,
});

export const lineCut: Fault = {
  name: "line-cut",
  sentence: "the agent's line cut, half open, 20 % loss, 500 ms more each way",
  needs: ["root", "ip", "iptables", "python3", "unshare", "/dev/net/tun"],
  run: (form) =>
    underLines(
      "line-cut",
      31,
      form === "short"
        ? [cut("cut", 5, ["INPUT", "OUTPUT"]), impaired("20 % loss", 2, { lossPercent: 20 })]
        : [
            cut("cut", 30, ["INPUT", "OUTPUT"]),
            cut("cut", 300, ["INPUT", "OUTPUT"]),
            cut("half open, nothing comes in", 60, ["INPUT"]),
            cut("half open, nothing goes out", 60, ["OUTPUT"]),
            impaired("20 % loss", 30, { lossPercent: 20 }),
            impaired("500 ms each way", 30, { delayMs: 500 }),
          ],
    ),
};

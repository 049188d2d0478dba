// Strangers who connect and say nothing, on both ports, while somebody works.
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import { echoes } from "./echoes.ts";
import type { Fault } from "./fault.ts";

/** What a stranger has for the TLS handshake. */
const handshakeSeconds = 10;

export const storm: Fault = {
  name: "storm",
  sentence: "silent connections to both ports while somebody works",
  needs: ["unshare"],
  busy: true,
  run: async (form) => {
    const count = form === "long" ? 1_000 : 100;
    using folder = tempFolder("storm");
    await using parts = await startHubParts({ folder: folder.path });
    const agent = await parts.addAgent({ name: "one" });
    const beside = await echoes(parts.rest, agent.assetId);
    const ports = [parts.address.agentPort, Number(new URL(parts.address.url).port)];
    const open = ports.map(() => new Set<net.Socket>());
    for (const [n, port] of ports.entries()) {
      for (let opened = 0; opened < count; opened += 1) {
        const socket = net.connect(port, "127.0.0.1");
        open[n]?.add(socket);
        socket.on("error", () => {});
        socket.once("close", () => open[n]?.delete(socket));
        socket.resume();
      }
    }
    const from = performance.now();
    try {
      await wait(2_000);
      await until("the agents' port cut the silent ones", () => open[0]?.size === 0, { deadlineMs: 15_000 });
      const cutMs = performance.now() - from;
      const newcomer = await parts.addAgent({ name: "newcomer" });
      const { p99Ms, worstMs } = await beside.stop();
      return {
        rounds: count,
        figures: [
          {
            what: "silent sockets on the agents' port gone after",
            value: cutMs / 1_000,
            unit: "s",
            atMost: handshakeSeconds + 1,
          },
          { what: "echo meanwhile p99", value: p99Ms, unit: "ms", atMost: 100 },
          { what: "worst", value: worstMs, unit: "ms" },
          { what: "a new agent was let in meanwhile", value: newcomer.assetId === "" ? 0 : 1, unit: "", atLeast: 1 },
        ],
      };
    } finally {
      beside.terminal.leave();
      for (const sockets of open) for (const socket of sockets) socket.destroy();
    }
  },
};

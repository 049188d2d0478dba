// Hub and agent stopped in the middle of everything (SIGSTOP), as a host does that is suspended or swaps itself to death.
import type { Fault } from "./fault.ts";
import { type Breaking, underLines } from "./under-lines.ts";

const frozen = (name: "hub" | "agent", seconds: number): Breaking => ({
  name: `${name} frozen`,
  seconds,
  begin: ({ parts, agent }) => (name === "hub" ? parts.hub() : agent.part()).signal("SIGSTOP"),
  end: ({ parts, agent }) => (name === "hub" ? parts.hub() : agent.part()).signal("SIGCONT"),
  backSecondsMax: 35, // an agent that took its hub for lost dials within 8 s, and TCP waits longer than that after a silence
});

export const partsFrozen: Fault = {
  name: "frozen",
  sentence: "hub, then agent, stopped (SIGSTOP) and continued",
  needs: ["python3", "unshare"],
  run: (form) => {
    const seconds = form === "long" ? 60 : 3;
    return underLines("frozen", null, [frozen("hub", seconds), frozen("agent", seconds)]);
  },
};

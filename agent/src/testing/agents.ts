// Agents for tests: in this process, or as the built program in one of its own.
import { spawn } from "node:child_process";
import path from "node:path";
import { inject } from "vitest";
import { createAgent } from "../agent.ts";
import { readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { noPolicy } from "../policy.ts";
import { adoptIdentity, stageKey } from "../state/identity.ts";
import type { TestHub } from "./hub.ts";
import { scratch } from "./scratch.ts";

/** A state folder of an agent that `hub` knows. */
export function enrolledState(hub: TestHub): { stateDir: string; agentId: string } {
  const stateDir = scratch();
  const { identity, key } = hub.admit();
  stageKey(stateDir, key);
  adoptIdentity(stateDir, identity);
  return { stateDir, agentId: identity.agentId };
}

export type RunningAgent = AsyncDisposable & { stateDir: string; agentId: string; log: string[] };

/** An agent in this process, linked to `hub`. */
export async function linkedAgent(
  hub: TestHub,
  state = enrolledState(hub),
  config = readConfig(),
  policy = noPolicy,
): Promise<RunningAgent> {
  const log: string[] = [];
  const from = hub.heard.length;
  const agent = createAgent({
    stateDir: state.stateDir,
    config,
    policy,
    log: createLog((line) => log.push(line)),
    runnerFile: path.join(inject("programs"), "runner.cjs"),
  });
  const done = agent.run();
  await hub.hear("heartbeat", () => true, from);
  return {
    ...state,
    log,
    [Symbol.asyncDispose]: async () => {
      agent.close();
      await done;
    },
  };
}

/** The built agent as a process of its own; `kill` is the kind no process hears. */
export function spawnAgent(stateDir: string): AsyncDisposable & { pid: number; kill(): void } {
  const agent = spawn(process.execPath, [path.join(inject("programs"), "agent.cjs"), "run", "--state", stateDir], {
    stdio: "ignore",
    env: { PATH: readConfig().path },
  });
  const gone = new Promise<void>((resolve) => agent.once("exit", () => resolve()));
  const kill = (): void => void agent.kill("SIGKILL");
  return {
    pid: agent.pid ?? 0,
    kill,
    [Symbol.asyncDispose]: async () => {
      kill();
      await gone;
    },
  };
}

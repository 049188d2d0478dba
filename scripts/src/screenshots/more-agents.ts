// A fleet for the pictures: agents on this machine under names of their own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { askHub } from "../launch/admin-socket.mjs";
import { places } from "../launch/places.mjs";
import type { LaunchedHub } from "../system/launched-hub.ts";
import type { RestClient } from "../system/rest-client.ts";

type Token = { token: string; caPem: string; hubId: string; hubKey: string; hubUrl: string; agentPort: number };

export async function startAgents(hub: LaunchedHub, rest: RestClient, names: string[], folder: string): Promise<AsyncDisposable> {
  const running: ChildProcess[] = [];
  const stop = async () => {
    for (const child of running.splice(0)) {
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await gone;
    }
  };
  try {
    for (const name of names) {
      const state = path.join(folder, name);
      mkdirSync(state, { mode: 0o700 });
      const { body } = await askHub(hub.dataDir, "POST", "/enrolment-tokens", {});
      enrol(body as Token, name, state);
      running.push(spawn(places.node, [places.agent, "run", "--state", state], { stdio: "ignore" }));
      await rest.onlineAsset(name);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

function enrol({ token, caPem, hubId, hubKey, hubUrl, agentPort }: Token, name: string, state: string): void {
  const ca = path.join(state, "enrol-ca.pem");
  writeFileSync(ca, caPem);
  const where = ["--hub", hubUrl, "--agent-port", String(agentPort), "--ca", ca, "--hub-id", hubId, "--hub-key", hubKey];
  const { status, stderr } = spawnSync(
    places.node,
    [places.agent, "enrol", ...where, "--name", name, "--token-stdin", "--state", state],
    { input: token, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the agent ${name} could not be enrolled: ${stderr}`);
}

// A second agent as built, enrolled and run inside a private network, without the installer.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { askHub } from "../launch/admin-socket.mjs";
import { places } from "../launch/places.mjs";
import type { LaunchedHub } from "./launched-hub.ts";
import type { PrivateNetwork } from "./private-network.ts";
import type { Asset, RestClient } from "./rest-client.ts";

export type RemoteAgent = AsyncDisposable & { asset: Asset; pid: number };

const stopDeadlineMs = 10_000;

/** @param folder for its state. Resolves once it is online. */
export async function startRemoteAgent({
  hub,
  rest,
  network,
  folder,
  name,
}: {
  hub: LaunchedHub;
  rest: RestClient;
  network: PrivateNetwork;
  folder: string;
  name: string;
}): Promise<RemoteAgent> {
  const { body } = await askHub(hub.dataDir, "POST", "/enrolment-tokens", {});
  const token = body as { token: string; caPem: string; hubId: string; hubKey: string };
  const { agentPort } = JSON.parse(readFileSync(path.join(hub.dataDir, "agent/identity.json"), "utf8")) as { agentPort: number };
  const state = path.join(folder, name);
  const caFile = path.join(folder, `${name}-ca.pem`);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(caFile, token.caPem);
  const url = `https://${network.hostAddress}:${new URL(hub.url).port}`;
  const [command = "", ...inside] = [...network.inside, places.node];
  const words = [
    "enrol",
    "--hub",
    url,
    "--token-stdin",
    "--state",
    state,
    "--ca",
    caFile,
    "--hub-id",
    token.hubId,
    "--hub-key",
    token.hubKey,
  ];
  const enrol = spawnSync(command, [...inside, places.agent, ...words, "--agent-port", String(agentPort), "--name", name], {
    input: `${token.token}\n`,
    encoding: "utf8",
  });
  if (enrol.status !== 0) throw new Error(`the agent was not enrolled: ${enrol.stderr}`);
  const flags = readFileSync(places.agentFlags, "utf8").trim().split(/\s+/);
  const child = spawn(command, [...inside, ...flags, places.agent, "run", "--state", state], { stdio: "ignore" });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    asset: await rest.onlineAsset(name),
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

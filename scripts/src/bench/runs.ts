// One trivial script on a hundred hosts that only one agent reaches, beside clush and ansible, which go through an sshd on the same proxy host.
// All of them reach the same sshd, which answers on a hundred addresses of a network of its own, fifty at a time.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type AgentPart, type HubParts, startHubParts } from "../system/hub-parts.ts";
import { type PrivateNetwork, privateNetwork } from "../system/private-network.ts";
import type { RestClient } from "../system/rest-client.ts";
import { sshdSettings } from "../system/sshd-settings.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { until } from "../system/until.ts";
import { bringPrograms } from "../testing/debian-packages.mjs";
import type { BenchOptions } from "./options.ts";
import { median } from "./statistics.ts";
import { beside, type Row, standing } from "./table.ts";

const hosts = 100;
/** What an agent has on neighbours at once; clush and ansible are told the same. */
const fanout = 50;
const script = "true; echo ok";
const port = 2_022;
const addressOf = (n: number) => `198.51.100.${n + 1}`; // RFC 5737: an address of no network
/** A go of ansible takes as long as ten of the others, and its median moves little. */
const ansibleRoundsMax = 1;
const goDeadlineMs = 300_000;
/** Their own are 15 and 10 s, which fifty handshakes at once on two processors that are busy may take. */
const connectSeconds = 120;

/** Milliseconds of each go: the first after everything kept between goes was thrown away, and the one right after it. */
type Times = { cold: number[]; warm: number[] };
type Way = { name: string; times: Times; roundsMax: number; forget(): Promise<void>; go(): Promise<number> };

export async function runs({ rounds }: BenchOptions): Promise<Row[]> {
  bringPrograms({ clush: "clustershell", ansible: "ansible-core" });
  using folder = tempFolder("bench-runs");
  using network = privateNetwork(213);
  using farm = startFarm(network, path.join(folder.path, "farm"));
  await farm.ready();
  await using parts = await startHubParts({ folder: folder.path, env: { SALLYPORT_LOG_LEVEL: "warn" } });
  const agent = await parts.addAgent({ name: "proxy", hubHost: network.hostAddress, prefix: network.inside });
  const assetIds = await addNeighbours(parts, farm.privateKey);
  const ways: Way[] = [
    ours(parts, agent, assetIds),
    ...(isThere("clush") ? [clush(farm, path.join(folder.path, "clush"))] : []),
    ...(isThere("ansible") ? [ansible(farm, path.join(folder.path, "ansible"))] : []),
  ];
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another one, so that none is always first.
    const order = ways.map((_, n) => ways[(n + round) % ways.length]).filter((way) => way !== undefined);
    for (const { name, times, roundsMax, forget, go } of order) {
      if (times.cold.length >= roundsMax) continue;
      await forget();
      times.cold.push(await go());
      times.warm.push(await go());
      process.stderr.write(`${name}: ${times.cold.at(-1)?.toFixed(0)} ms, then ${times.warm.at(-1)?.toFixed(0)} ms\n`);
    }
  }
  return rowsOf(ways);
}

function rowsOf([own, ...peers]: Way[]): Row[] {
  if (own === undefined) throw new Error("no way to measure");
  const perMinute = (times: number[]) => (hosts / median(times)) * 60_000;
  return (["cold", "warm"] as const).flatMap((kind) => [
    standing({ name: `${hosts} hosts through one agent, ${kind}`, unit: "s", value: median(own.times[kind]) / 1e3 }),
    ...peers.map(({ name, times }) =>
      beside(
        { name: `hosts a minute, ${kind}`, unit: "", value: perMinute(own.times[kind]) },
        name,
        perMinute(times[kind]),
        name === "clush" ? { least: 1 } : null,
      ),
    ),
  ]);
}

function ours({ rest }: HubParts, agent: AgentPart, assetIds: string[]): Way {
  return {
    name: "sallyport",
    times: { cold: [], warm: [] },
    roundsMax: Number.POSITIVE_INFINITY,
    forget: async () => {
      await agent.part().signal("SIGTERM");
      await until("the agent is offline", async () => !(await isOnline(rest, agent)));
      agent.start();
      await until("the agent is back", () => isOnline(rest, agent));
    },
    go: async () => {
      const from = performance.now();
      const id = await rest.startRun({ assetIds, script, interpreter: "sh", account: os.userInfo().username });
      const state = () => rest.json<{ state: string }>("GET", `/runs/${id}?executions=false`);
      await until("the run has ended", async () => (await state()).state === "finished", {
        everyMs: 20,
        deadlineMs: goDeadlineMs,
      });
      const ms = performance.now() - from;
      const { executions } = await rest.run(id);
      const wrong = executions.find(({ exitCode }) => exitCode !== 0);
      if (wrong !== undefined || executions.length !== hosts) throw new Error(`a measured run: ${JSON.stringify(wrong)}`);
      return ms;
    },
  };
}

const isOnline = async (rest: RestClient, { agentId }: AgentPart) =>
  (await rest.agents()).some(({ id, state }) => id === agentId && state === "online");

/** It keeps nothing between two goes. */
function clush({ config }: Farm, folder: string): Way {
  mkdirSync(folder, { recursive: true });
  const nodes = Array.from({ length: hosts }, (_, n) => addressOf(n)).join(",");
  return {
    name: "clush",
    times: { cold: [], warm: [] },
    roundsMax: Number.POSITIVE_INFINITY,
    forget: async () => {},
    go: () =>
      timed(
        "clush",
        ["-q", "-N", "-t", String(connectSeconds), "-f", String(fanout), "-o", `-F ${config}`, "-w", nodes, script],
        folder,
      ),
  };
}

/** It keeps a connection to each host for a minute. */
function ansible({ config }: Farm, folder: string): Way {
  mkdirSync(folder, { recursive: true });
  const inventory = path.join(folder, "hosts");
  const lines = Array.from({ length: hosts }, (_, n) => `${addressOf(n)} ansible_ssh_common_args='-F ${config}'`);
  writeFileSync(inventory, `${lines.join("\n")}\n`);
  const sockets = path.join(folder, ".ansible", "cp");
  return {
    name: "ansible",
    times: { cold: [], warm: [] },
    roundsMax: ansibleRoundsMax,
    forget: async () => {
      for (const name of existsSync(sockets) ? readdirSync(sockets) : [])
        spawnSync("ssh", ["-o", `ControlPath=${path.join(sockets, name)}`, "-O", "exit", "host"]);
    },
    go: () =>
      timed(
        "ansible",
        ["all", "-i", inventory, "-T", String(connectSeconds), "-f", String(fanout), "-o", "-m", "shell", "-a", script],
        folder,
      ),
  };
}

/** Each host must have said `ok`. */
function timed(program: string, args: string[], home: string): Promise<number> {
  const from = performance.now();
  const env = { PATH: process.env.PATH ?? "", HOME: home, LANG: "C.UTF-8", ANSIBLE_HOST_KEY_CHECKING: "False" };
  const child = spawn(program, args, { cwd: home, env, stdio: ["ignore", "pipe", "pipe"], timeout: goDeadlineMs });
  let [said, complaints] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    said += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    complaints = `${complaints}${data.toString()}`.slice(-1_000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const answered = said.split("\n").filter((line) => /\bok$/.test(line)).length;
      if (code === 0 && answered === hosts) resolve(performance.now() - from);
      else reject(new Error(`${program} ended with ${code}, ${answered} of ${hosts} answered: ${complaints}`));
    });
  });
}

async function addNeighbours({ rest }: HubParts, privateKey: string): Promise<string[]> {
  const zoneId = (await rest.json<{ items: { zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id;
  const secret = { kind: "ssh-key", privateKey, passphrase: null };
  const ids: string[] = [];
  for (let n = 0; n < hosts; n += 1) {
    const asset = { name: `host-${n}`, zoneId, platform: "linux", address: addressOf(n), protocols: [{ name: "ssh", port }] };
    const { id: assetId } = await rest.json<{ id: string }>("POST", "/assets", asset);
    await rest.json("POST", "/accounts", { assetId, username: os.userInfo().username, secret });
    ids.push(assetId);
  }
  return ids;
}

/** `config`: for ssh; every address goes through the proxy host. */
type Farm = Disposable & { privateKey: string; config: string; ready(): Promise<void> };

/** One sshd in the network that answers on all addresses, and one beside it that people jump through. */
function startFarm(network: PrivateNetwork, folder: string): Farm {
  mkdirSync(folder, { recursive: true });
  mkdirSync("/run/sshd", { recursive: true }); // sshd's own folder for privilege separation
  const at = (name: string) => path.join(folder, name);
  for (const name of ["host-key", "user-key"]) spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  const town = farmNetwork(network);
  const jumpPort = port + 1;
  network.admit(jumpPort);
  const servers = [
    { listen: port, inside: town.inside },
    { listen: jumpPort, inside: network.inside },
  ].map(({ listen, inside }) => {
    const more = [
      "Subsystem sftp internal-sftp",
      // Each of a hundred hosts would let a hundred strangers wait; the proxy host's default of ten would refuse some of fifty jumps at random.
      "MaxStartups 1000",
    ];
    writeFileSync(at(`${listen}.conf`), sshdSettings({ port: listen, at, more }));
    // A home of its own: a person's login profile may take seconds, and it is not what is measured.
    const bare = ["unshare", "--mount", "--", "sh", "-c", 'mount -t tmpfs none "$HOME" && exec "$0" "$@"'];
    const [program = "", ...words] = [...inside, ...bare, "/usr/sbin/sshd", "-D", "-e", "-f", at(`${listen}.conf`)];
    return spawn(program, words, { stdio: "ignore" });
  });
  const host = (pattern: string, ...lines: string[]) =>
    [
      `Host ${pattern}`,
      `  User ${os.userInfo().username}`,
      `  IdentityFile ${at("user-key")}`,
      "  IdentitiesOnly yes",
      "  BatchMode yes",
      "  StrictHostKeyChecking no",
      "  UserKnownHostsFile /dev/null",
      "  LogLevel ERROR",
      ...lines.map((line) => `  ${line}`),
    ].join("\n");
  const config = at("config");
  writeFileSync(
    config,
    `${host("jump", `HostName ${network.insideAddress}`, `Port ${jumpPort}`)}\n${host("198.51.100.*", `Port ${port}`, "ProxyJump jump")}\n`,
  );
  return {
    privateKey: readFileSync(at("user-key"), "utf8"),
    config,
    ready: async () => {
      await until("sshd answers through the proxy host", () => {
        const { status } = spawnSync("ssh", ["-F", config, addressOf(hosts - 1), "true"], { stdio: "ignore" });
        return status === 0;
      });
    },
    [Symbol.dispose]: () => {
      for (const server of servers) server.kill("SIGTERM");
      town.remove();
    },
  };
}

/** Behind the agent's network, with all the addresses: the agent takes none of its own host's for a neighbour. */
function farmNetwork(network: PrivateNetwork): { inside: string[]; remove(): void } {
  const name = `sallyport-${process.pid}-farm`;
  const inside = ["ip", "netns", "exec", name];
  const here = (...words: string[]) => spawnSync("ip", words, { encoding: "utf8" });
  here("netns", "add", name);
  network.run("ip", "link", "add", "farm", "type", "veth", "peer", "name", "fields");
  network.run("ip", "link", "set", "fields", "netns", name);
  network.run("ip", "address", "add", `${addressOf(253)}/24`, "dev", "farm");
  network.run("ip", "link", "set", "farm", "up");
  for (let n = 0; n < hosts; n += 1) here("-n", name, "address", "add", `${addressOf(n)}/24`, "dev", "fields");
  here("-n", name, "link", "set", "fields", "up");
  return { inside, remove: () => void here("netns", "delete", name) };
}

const isThere = (program: string) => spawnSync("sh", ["-c", 'command -v "$0"', program]).status === 0;

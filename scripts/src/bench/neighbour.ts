// Opening a terminal on a host without an agent, through one, beside ssh through a jump host: until the shell there says its first word. Both reach
// the same sshd in a network of its own, and both run the account's login shell.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startHubParts } from "../system/hub-parts.ts";
import { privateNetwork } from "../system/private-network.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { TerminalClient } from "../system/terminal-client.ts";
import { authorityOf } from "./bench-hub.ts";
import type { BenchOptions } from "./options.ts";
import { type SshPeer, startSshPeers } from "./ssh-peers.ts";
import { percentile } from "./statistics.ts";
import { beside, type Row } from "./table.ts";

const warmUps = 5;

export async function neighbour({ samples }: BenchOptions): Promise<Row[]> {
  using folder = tempFolder("bench-neighbour");
  using network = privateNetwork(212);
  await using peers = await startSshPeers(network);
  await using parts = await startHubParts({ folder: folder.path, env: { SALLYPORT_LOG_LEVEL: "warn" } });
  await parts.addAgent({ name: "one" });
  const { address, port, username, privateKey } = peers.target;
  const zoneId = (await parts.rest.json<{ items: { zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id;
  const { id: assetId } = await parts.rest.json<{ id: string }>("POST", "/assets", {
    name: "target",
    zoneId,
    platform: "linux",
    address,
    protocols: [{ name: "ssh", port }],
  });
  const secret = { kind: "ssh-key", privateKey, passphrase: null };
  const { id: account } = await parts.rest.json<{ id: string }>("POST", "/accounts", { assetId, username, secret });
  const target = {
    url: parts.rest.url.replace(/^http:/, "https:"),
    ca: await authorityOf(parts.dataDir),
    key: parts.rest.key,
    assetId,
    account,
  };

  const ours: number[] = [];
  const theirs: number[] = [];
  for (let n = -warmUps; n < samples; n++) {
    const [own, jump] = [await openedMs(target), await sshMs(peers.jump)];
    if (n < 0) continue;
    ours.push(own);
    theirs.push(jump);
  }
  const row = (share: number, name: string) =>
    beside(
      { name: `a neighbour's shell, first word, ${name}`, unit: "ms", value: percentile(ours, share) },
      "ssh -J",
      percentile(theirs, share),
      { most: 1.5 },
    );
  return [row(0.5, "p50"), row(0.95, "p95")];
}

async function openedMs(target: ConstructorParameters<typeof TerminalClient>[0]): Promise<number> {
  const from = performance.now();
  const terminal = new TerminalClient(target);
  await new Promise<void>((resolve, reject) => {
    terminal.onOutput = () => resolve();
    terminal.opened.catch(reject);
  });
  const ms = performance.now() - from;
  terminal.type("exit\r");
  await terminal.ended;
  return ms;
}

async function sshMs({ args }: SshPeer): Promise<number> {
  const from = performance.now();
  const child = spawn("ssh", ["-tt", ...args], { stdio: ["pipe", "pipe", "ignore"] });
  await once(child.stdout, "data");
  const ms = performance.now() - from;
  const gone = once(child, "close");
  child.stdout.resume();
  child.stdin.end("exit\r");
  await gone;
  return ms;
}

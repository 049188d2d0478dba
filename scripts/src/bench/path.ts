// A long, lossy path: the agent and OpenSSH's target behind 100 ms and 0.5 % loss, in a network namespace of our own.
// Keystrokes beside ssh; a script's output beside scp of as many bytes.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { startHubParts } from "../system/hub-parts.ts";
import { privateNetwork } from "../system/private-network.ts";
import type { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";
import { authorityOf } from "./bench-hub.ts";
import type { BenchOptions } from "./options.ts";
import { openOurs, openSsh, timeEchoes } from "./raw-terminals.ts";
import { type SshPeers, startSshPeers } from "./ssh-peers.ts";
import { median, percentile } from "./statistics.ts";
import { beside, type Row, standing } from "./table.ts";

const roundTripMs = 100;
/** Each way. */
const lossPercent = 0.5;
/** A round trip each, and two that are lost in a hundred: enough for a median. */
const samplesMax = 100;
const bulkBytes = 8 * 1024 * 1024;

export async function longPath({ rounds, samples }: BenchOptions): Promise<Row[]> {
  using network = privateNetwork(211, { slow: true });
  using folder = tempFolder("bench-path");
  await using parts = await startHubParts({ folder: folder.path });
  await using peers = await startSshPeers(network);
  const { assetId } = await parts.addAgent({ name: "far", hubHost: network.hostAddress, prefix: network.inside });
  const target = { url: parts.address.url.replace("http:", "https:"), key: parts.rest.key, ca: await authorityOf(parts.dataDir) };
  const file = path.join(folder.path, "bulk");
  writeFileSync(file, Buffer.alloc(bulkBytes));
  const nothing = path.join(folder.path, "nothing");
  writeFileSync(nothing, "");
  network.impair({ delayMs: roundTripMs / 2, lossPercent });
  const ours = { echoMs: [] as number[], bulkMs: [] as number[], emptyMs: [] as number[] };
  const theirs = { echoMs: [] as number[], bulkMs: [] as number[], emptyMs: [] as number[] };
  const count = Math.min(samples, samplesMax);
  for (let round = 0; round < rounds; round += 1) {
    const terminal = await openOurs({ ...target, assetId }, "exec cat");
    ours.echoMs.push(...(await timeEchoes(terminal, count)).map((us) => us / 1e3));
    await terminal.end();
    const ssh = await openSsh(peers.direct, "exec cat");
    theirs.echoMs.push(...(await timeEchoes(ssh, count)).map((us) => us / 1e3));
    await ssh.end();
    ours.emptyMs.push(await timeRun(parts.rest, assetId, "true"));
    ours.bulkMs.push(await timeRun(parts.rest, assetId, `head -c ${bulkBytes} /dev/zero`));
    theirs.emptyMs.push(await timeScp(peers, nothing, folder.path));
    theirs.bulkMs.push(await timeScp(peers, file, folder.path));
    process.stderr.write(`round ${round + 1} of ${rounds} done\n`);
  }
  const rate = ({ bulkMs, emptyMs }: typeof ours) => bulkBytes / 1e3 / (median(bulkMs) - median(emptyMs));
  const p50 = median(ours.echoMs);
  return [
    standing({ name: "echo p50 above the round trip", unit: "ms", value: p50 - roundTripMs }, { most: 5 }),
    beside({ name: "echo p50", unit: "ms", value: p50 }, "ssh", median(theirs.echoMs)),
    beside({ name: "echo p99", unit: "ms", value: percentile(ours.echoMs, 0.99) }, "ssh", percentile(theirs.echoMs, 0.99)),
    beside({ name: "script output, net of start", unit: "MB/s", value: rate(ours) }, "scp", rate(theirs), { least: 0.7 }),
  ];
}

async function timeRun(rest: RestClient, assetId: string, script: string): Promise<number> {
  const from = performance.now();
  const id = await rest.startRun({ assetIds: [assetId], script, interpreter: "sh" });
  const [execution] = (await rest.finishedRun(id, { everyMs: 5, deadlineMs: 300_000 })).executions;
  if (execution?.exitCode !== 0) throw new Error(`the measured run ended with ${execution?.reason ?? "nothing"}`);
  return performance.now() - from;
}

/** From the far side to here, as a script's output travels. */
function timeScp({ configFile }: SshPeers, file: string, folder: string): Promise<number> {
  const from = performance.now();
  const child = spawn("scp", ["-q", "-F", configFile, `target:${file}`, path.join(folder, "copied")], { stdio: "ignore" });
  return new Promise((resolve, reject) =>
    child.once("close", (code) => (code === 0 ? resolve(performance.now() - from) : reject(new Error(`scp ended with ${code}`)))),
  );
}

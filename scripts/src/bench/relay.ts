// The relay beside OpenSSH: keystroke echo, terminal output and a script's output, ours over TLS, theirs as shipped.
// Rounds are interleaved so that a neighbour's load falls on all alike; ratios inside one run are what counts.
import { spawn } from "node:child_process";
import type { RestClient } from "../system/rest-client.ts";
import { startBenchHub } from "./bench-hub.ts";
import type { BenchOptions } from "./options.ts";
import { openOurs, openSsh, timeBytes, timeEchoes } from "./raw-terminals.ts";
import { type SshPeer, startSshPeers } from "./ssh-peers.ts";
import { median, percentile } from "./statistics.ts";
import { beside, type Row, standing } from "./table.ts";

const MiB = 1024 * 1024;
/** Below what the hub keeps of one channel. */
const runBytes = 48 * MiB;
const terminalBytes = 32 * MiB;
/** Keystrokes before the first round: a hub and an agent that have just started run code which V8 has not compiled yet; those of a site have. */
const firstWarmUp = 4_000;
/** And before each: a new terminal's own first ones. */
const warmUp = 100;

type Subject = { name: string; echoUs: number[]; openMs: number[]; terminalMs: number[]; runMs: number[]; emptyRunMs: number[] };
type Way = { subject: Subject; open(command: string): ReturnType<typeof openSsh>; run(script: string): Promise<number> };

const newSubject = (name: string): Subject => ({ name, echoUs: [], openMs: [], terminalMs: [], runMs: [], emptyRunMs: [] });

export async function relay({ rounds, samples }: BenchOptions): Promise<Row[]> {
  await using peers = await startSshPeers();
  await using bench = await startBenchHub("relay");
  const { rest } = bench;
  const asset = await rest.onlineAsset();
  const target = { ...bench.target, assetId: asset.id };

  const ways: Way[] = [
    {
      subject: newSubject("sallyport"),
      open: (command) => openOurs(target, command),
      run: (script) => timeOurRun(rest, asset.id, script),
    },
    ...[peers.direct, peers.jump].map(
      (peer): Way => ({
        subject: newSubject(peer.name),
        open: (command) => openSsh(peer, command),
        run: (script) => timeSshRun(peer, script),
      }),
    ),
  ];
  const [own] = ways;
  if (own === undefined) throw new Error("no way to measure");
  const warming = await own.open("exec cat");
  await timeEchoes(warming, firstWarmUp);
  await warming.end();
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another one, so that none is always first.
    const order = ways.map((_, n) => ways[(n + round) % ways.length]).filter((way) => way !== undefined);
    for (const way of order) await measure(way, samples);
    process.stderr.write(`round ${round + 1} of ${rounds} done\n`);
  }
  const [ours, direct, jump] = ways.map(({ subject }) => subject);
  if (ours === undefined || direct === undefined || jump === undefined) throw new Error("three subjects were measured");
  return rowsOf(ours, direct, jump);
}

async function measure({ subject, open, run }: Way, samples: number): Promise<void> {
  const from = performance.now();
  const echo = await open("exec cat");
  subject.openMs.push(performance.now() - from);
  await timeEchoes(echo, warmUp);
  subject.echoUs.push(...(await timeEchoes(echo, samples)));
  await echo.end();

  const bulk = await open(`head -c 1 >/dev/null; head -c ${terminalBytes} /dev/zero; head -c 1 >/dev/null`);
  const bytes = timeBytes(bulk, terminalBytes);
  bulk.type(Buffer.of(97)); // it waits for a byte, so that the clock starts with the bytes
  subject.terminalMs.push(await bytes);
  await bulk.end();

  subject.emptyRunMs.push(await run("true"));
  subject.runMs.push(await run(`head -c ${runBytes} /dev/zero`));
}

/** From the request until the run is finished and its output has been read, all of it. */
async function timeOurRun(rest: RestClient, assetId: string, script: string): Promise<number> {
  const from = performance.now();
  const id = await rest.startRun({ assetIds: [assetId], script, interpreter: "sh" });
  const [execution] = (await rest.finishedRun(id, { everyMs: 5, deadlineMs: 120_000 })).executions;
  if (execution?.exitCode !== 0) throw new Error(`the measured run ended with ${execution?.reason ?? "nothing"}`);
  const { length } = await rest.output(execution.id, "stdout");
  if (script !== "true" && length !== runBytes) throw new Error(`${length} bytes of output, ${runBytes} were written`);
  return performance.now() - from;
}

function timeSshRun(peer: SshPeer, script: string): Promise<number> {
  const from = performance.now();
  const child = spawn("ssh", [...peer.args, script], { stdio: ["ignore", "pipe", "ignore"] });
  let seen = 0;
  child.stdout.on("data", (data: Buffer) => {
    seen += data.length;
  });
  return new Promise((resolve, reject) => {
    child.once("close", (code) =>
      code === 0 && (script === "true" || seen === runBytes)
        ? resolve(performance.now() - from)
        : reject(new Error(`${peer.name} ended with ${code} after ${seen} bytes`)),
    );
  });
}

function rowsOf(ours: Subject, direct: Subject, jump: Subject): Row[] {
  const echo = (share: number) => (one: Subject) => percentile(one.echoUs, share);
  const terminalRate = (one: Subject) => terminalBytes / 1e3 / median(one.terminalMs);
  // What starting costs is in both; the difference is the bytes' own time.
  const runRate = (one: Subject) => runBytes / 1e3 / Math.max(1, median(one.runMs) - median(one.emptyRunMs));
  const openMs = (one: Subject) => median(one.openMs);
  const emptyRunMs = (one: Subject) => median(one.emptyRunMs);
  const p50 = { name: "echo p50, TLS", unit: "µs", value: echo(0.5)(ours) };
  const p99 = { name: "echo p99, TLS", unit: "µs", value: echo(0.99)(ours) };
  const terminal = { name: "terminal output, TLS", unit: "MB/s", value: terminalRate(ours) };
  const run = { name: "script output, TLS, net of start", unit: "MB/s", value: runRate(ours) };
  return [
    beside(p50, jump.name, echo(0.5)(jump), { most: 0.85 }),
    beside(p50, direct.name, echo(0.5)(direct), { most: 1 }),
    beside(p99, jump.name, echo(0.99)(jump), { most: 1 }),
    beside(p99, direct.name, echo(0.99)(direct)),
    standing(terminal, { least: 60 }),
    beside(terminal, `${jump.name} -tt`, terminalRate(jump)),
    beside(terminal, `${direct.name} -tt`, terminalRate(direct)),
    beside(run, jump.name, runRate(jump)),
    beside(run, direct.name, runRate(direct)),
    beside({ name: "terminal opened", unit: "ms", value: openMs(ours) }, jump.name, openMs(jump)),
    beside({ name: "script `true`, start to result", unit: "ms", value: emptyRunMs(ours) }, jump.name, emptyRunMs(jump)),
  ];
}

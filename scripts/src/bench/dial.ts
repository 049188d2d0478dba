// A TCP stream through the agent beside ssh's own forwards: standing ways, so connecting is not in the figures. What each costs in processor
// time is read from the kernel, process by process.
import { type ChildProcess, fork, spawn } from "node:child_process";
import net from "node:net";
import path from "node:path";
import { DialStream, type DialTarget } from "../system/dial-client.ts";
import { freePort } from "../system/free-port.ts";
import { processorSeconds, processTree } from "../system/processes.ts";
import { until } from "../system/until.ts";
import { startBenchHub } from "./bench-hub.ts";
import type { BenchOptions } from "./options.ts";
import { openOurs, timeEchoes } from "./raw-terminals.ts";
import { type SshPeer, startSshPeers } from "./ssh-peers.ts";
import { median, percentile } from "./statistics.ts";
import { beside, type Row, standing } from "./table.ts";

const streamBytes = 256 * 1024 * 1024;
/** The first stream of each way pays for buffers that grow and code that is compiled. */
const warmUpRounds = 1;
const echoWarmUp = 500;

/** Sends as many bytes to each who connects; a process of its own, so that its time is nobody else's. */
const source = `require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  const bytes = Buffer.alloc(65536);
  let left = ${streamBytes};
  const pour = () => {
    while (left > 0) {
      left -= bytes.length;
      if (!socket.write(bytes)) return void socket.once("drain", pour);
    }
    socket.end();
  };
  pour();
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); })`;

type Way = { name: string; open(): Promise<NodeJS.ReadableStream & { destroy(): void }>; processes(): Record<string, number[]> };
type Measured = { ms: number[]; seconds: Record<string, number[]> };

export async function dial({ rounds, samples }: BenchOptions): Promise<Row[]> {
  await using peers = await startSshPeers();
  await using bench = await startBenchHub("dial");
  const asset = await bench.rest.onlineAsset();
  const server = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  const children: ChildProcess[] = [server];
  try {
    const port = await new Promise<number>((resolve) => server.stdout.once("data", (data) => resolve(Number(String(data)))));
    const forward = async (peer: SshPeer) => {
      const at = await freePort();
      const child = spawn("ssh", ["-N", "-L", `127.0.0.1:${at}:127.0.0.1:${port}`, ...peer.args], { stdio: "ignore" });
      children.push(child);
      await until(`${peer.name} forwards`, () => accepts(at));
      return { at, pid: child.pid ?? 0 };
    };
    const jump = await forward(peers.jump);
    const direct = await forward(peers.direct);
    const pidsOf = (part: string) =>
      bench.hub
        .processes()
        .filter(({ command }) => command.includes(part))
        .map(({ pid }) => pid);
    const below = (pid: number) => processTree(pid).map((one) => one.pid);
    const sshd = () => peers.servers.flatMap(below);
    const ways: Way[] = [
      {
        name: "sallyport",
        open: () => DialStream.open({ ...bench.target, assetId: asset.id, port }),
        processes: () => ({ hub: pidsOf("hub/dist/main.js"), agent: pidsOf("agent.cjs run"), client: [process.pid] }),
      },
      {
        name: "ssh -J",
        open: () => connect(jump.at),
        processes: () => ({ ssh: below(jump.pid), sshd: sshd(), client: [process.pid] }),
      },
      {
        name: "ssh -L",
        open: () => connect(direct.at),
        processes: () => ({ ssh: below(direct.pid), sshd: sshd(), client: [process.pid] }),
      },
    ];
    const measured = new Map<string, Measured>(ways.map(({ name }) => [name, { ms: [], seconds: {} }]));
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const [n] of ways.entries()) {
        const way = ways[(n + round + warmUpRounds) % ways.length];
        const into = way && measured.get(way.name);
        if (way !== undefined && into !== undefined) await measure(way, round < 0 ? { ms: [], seconds: {} } : into);
      }
      process.stderr.write(round < 0 ? "warm\n" : `round ${round + 1} of ${rounds} done\n`);
    }
    return [...rowsOf(measured), ...(await echoBeside({ ...bench.target, assetId: asset.id, port }, samples))];
  } finally {
    for (const child of children) child.kill("SIGTERM");
  }
}

async function measure({ open, processes }: Way, { ms, seconds }: Measured): Promise<void> {
  const stream = await open();
  const groups = processes();
  const spent = (pids: number[]) => pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const before = Object.fromEntries(Object.entries(groups).map(([name, pids]) => [name, spent(pids)]));
  const from = performance.now();
  let bytes = 0;
  stream.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  await new Promise((resolve, reject) => stream.once("end", resolve).once("error", reject));
  ms.push(performance.now() - from);
  for (const [name, pids] of Object.entries(groups)) {
    seconds[name] ??= [];
    seconds[name].push(spent(pids) - (before[name] ?? 0));
  }
  stream.destroy();
  if (bytes !== streamBytes) throw new Error(`${bytes} bytes came, ${streamBytes} were sent`);
}

/** Keystrokes in a terminal on the agent that sends the streams. */
async function echoBeside(target: DialTarget & { ca: string }, samples: number): Promise<Row[]> {
  const reader = fork(path.join(import.meta.dirname, "bulk-reader.ts"));
  const terminal = await openOurs(target, "exec cat");
  try {
    const taken = () =>
      new Promise<number>((resolve) => {
        reader.once("message", (bytes) => resolve(Number(bytes)));
        reader.send("report");
      });
    reader.send(target);
    await until("the bulk flows", async () => (await taken()) > streamBytes);
    await timeEchoes(terminal, echoWarmUp);
    const from = { bytes: await taken(), at: performance.now() };
    const echoes = await timeEchoes(terminal, samples);
    const rate = ((await taken()) - from.bytes) / 1e3 / (performance.now() - from.at);
    return [
      standing({ name: "echo p50 beside such a stream", unit: "ms", value: percentile(echoes, 0.5) / 1e3 }),
      standing({ name: "echo p99 beside such a stream", unit: "ms", value: percentile(echoes, 0.99) / 1e3 }, { most: 20 }),
      standing({ name: "the stream meanwhile", unit: "MB/s", value: rate }),
    ];
  } finally {
    await terminal.end();
    reader.kill("SIGKILL");
  }
}

function rowsOf(measured: Map<string, Measured>): Row[] {
  const one = (name: string): Measured => measured.get(name) ?? { ms: [], seconds: {} };
  const rate = (name: string) => streamBytes / 1e3 / median(one(name).ms);
  const ours = { name: "dial stream, TLS, standing", unit: "MB/s", value: rate("sallyport") };
  const costs = [...measured].flatMap(([way, { seconds }]) =>
    Object.entries(seconds).map(([name, each]) =>
      standing({ name: `processor, ${way}: ${name}`, unit: "s/GB", value: median(each) / (streamBytes / 1e9) }),
    ),
  );
  return [
    beside(ours, "ssh -J", rate("ssh -J"), { least: 1.15 }),
    beside(ours, "ssh -L", rate("ssh -L"), { least: 0.8 }),
    ...costs,
  ];
}

const connect = (port: number) =>
  new Promise<net.Socket>((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });

const accepts = (port: number) =>
  connect(port).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );

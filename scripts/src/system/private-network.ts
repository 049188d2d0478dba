// A network that can only dial out: a namespace with one link to this machine, where every new connection inwards is dropped.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import path from "node:path";

const slowLineDeadlineMs = 5_000;

export type PrivateNetwork = Disposable & {
  /** This machine's address as seen from inside. */
  hostAddress: string;
  insideAddress: string;
  /** Number of the namespace, as `readlink /proc/self/ns/net` gives it inside. */
  id: string;
  /** Words before a command that runs inside. */
  inside: string[];
  run(...command: string[]): { status: number | null; stdout: string; stderr: string };
  start(...command: string[]): ChildProcess;
  /** Makes the line slow and lossy, each way alike; `{}` makes it as it was. Only of a network made with a slow line. */
  impair(line: { delayMs?: number; lossPercent?: number }): void;
  /** Lets people in to one port. */
  admit(port: number): void;
};

/**
 * @param number 0..255, so that several can stand side by side (198.18.0.0/15 is for tests, RFC 2544).
 * @param slow its packets go through a process that can delay and lose them, about 100 MB/s at best.
 */
export function privateNetwork(number: number, { slow = false } = {}): PrivateNetwork {
  const name = `sallyport-${process.pid}-${number}`;
  const link = `sp${process.pid % 100_000}h${number}`; // at most 15 characters (IFNAMSIZ)
  const peer = link.replace("h", "n");
  const hostAddress = machineAddress ?? `198.19.${number}.1`;
  const insideAddress = `198.19.${number}.2`;
  const inside = ["ip", "netns", "exec", name];
  let slowLine: ChildProcess | null = null;
  const remove = () => {
    slowLine?.stdin?.end();
    spawnSync("ip", ["link", "delete", link]);
    spawnSync("ip", ["netns", "delete", name]);
  };
  const must = (...command: string[]) => {
    const [program = "", ...args] = command;
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status === 0) return;
    remove();
    throw new Error(`${command.join(" ")}: ${stderr}`);
  };
  removeLeftOvers(number);
  must("ip", "netns", "add", name);
  if (slow) slowLine = startSlowLine(name, link, peer, inside);
  else {
    must("ip", "link", "add", link, "type", "veth", "peer", "name", peer);
    must("ip", "link", "set", peer, "netns", name);
  }
  withoutIpv6(link);
  if (machineAddress === undefined) must("ip", "address", "add", `${hostAddress}/32`, "dev", link);
  must("ip", "link", "set", link, "up");
  must("ip", "route", "add", `${insideAddress}/32`, "dev", link, "src", hostAddress);
  must(...inside, "ip", "address", "add", `${insideAddress}/32`, "dev", peer);
  must(...inside, "ip", "link", "set", peer, "up");
  must(...inside, "ip", "link", "set", "lo", "up");
  must(...inside, "ip", "route", "add", hostAddress, "dev", peer);
  must(...inside, "ip", "route", "add", "default", "via", hostAddress);
  // Without connection tracking, so that it works on every kernel: only answers (TCP without SYN) come in.
  must(...inside, "iptables", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT");
  must(...inside, "iptables", "-A", "INPUT", "-p", "tcp", "!", "--syn", "-j", "ACCEPT");
  must(...inside, "iptables", "-A", "INPUT", "-j", "DROP");

  const run = (...command: string[]) => spawnSync(inside[0] ?? "", [...inside.slice(1), ...command], { encoding: "utf8" });
  return {
    hostAddress,
    insideAddress,
    impair: ({ delayMs = 0, lossPercent = 0 }) => {
      if (slowLine === null) throw new Error("this network was made without a slow line");
      slowLine.stdin?.write(`${JSON.stringify({ delayMs, lossPercent })}\n`);
    },
    admit: (port) => must(...inside, "iptables", "-I", "INPUT", "-p", "tcp", "--dport", String(port), "-j", "ACCEPT"),
    inside,
    run,
    id: run("readlink", "/proc/self/ns/net").stdout.replaceAll(/\D/g, ""),
    start: (...command) => spawn(inside[0] ?? "", [...inside.slice(1), ...command], { stdio: ["ignore", "pipe", "pipe"] }),
    [Symbol.dispose]: remove,
  };
}

/**
 * An address that comes or goes makes every chromium of this machine cut the requests that wait for a connection
 * (`net::ERR_NETWORK_CHANGED`), loopback's as well. So the link has none of its own where the machine has one already.
 */
const machineAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

/** Which would give it an address by itself. */
function withoutIpv6(link: string): void {
  const setting = `/proc/sys/net/ipv6/conf/${link}/disable_ipv6`;
  if (existsSync(setting)) writeFileSync(setting, "1");
}

/** Its devices go with the process. Returns once they are there. */
function startSlowLine(namespace: string, link: string, peer: string, inside: string[]): ChildProcess {
  const child = spawn("python3", [path.join(import.meta.dirname, "slow-line.py"), namespace, link, peer], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const there = (...words: string[]) => spawnSync(words[0] ?? "", [...words.slice(1), "ip", "link", "show", peer]).status === 0;
  for (const deadline = performance.now() + slowLineDeadlineMs; !there(...inside); ) {
    if (performance.now() > deadline) throw new Error("the slow line did not start: it needs python3 and /dev/net/tun");
    spawnSync("sleep", ["0.02"]);
  }
  return child;
}

/** A test run that was killed leaves its link behind, and with it a second route to the same addresses. */
function removeLeftOvers(number: number): void {
  for (const [, link = "", pid = ""] of spawnSync("ip", ["-o", "link"], { encoding: "utf8" }).stdout.matchAll(
    new RegExp(`(sp(\\d+)h${number})@`, "g"),
  )) {
    if (!existsSync(`/proc/${pid}`)) spawnSync("ip", ["link", "delete", link]);
  }
}

// Terminals to be timed, all with one shape: ours over the terminal socket, and ssh's in a local pty. Each runs one remote
// command in a raw pty and hands over bytes as they come.
import { createRequire } from "node:module";
import { TerminalClient } from "../system/terminal-client.ts";
import type { SshPeer } from "./ssh-peers.ts";

type LocalPty = {
  write(data: Buffer): void;
  kill(signal: string): void;
  onData(listener: (data: Buffer) => void): unknown;
  onExit(listener: () => void): unknown;
};
/** The package's own types name another module; this is the part used here. `encoding: null` means bytes. */
const pty: { spawn(file: string, args: string[], options: { cols: number; rows: number; encoding: null }): LocalPty } =
  createRequire(import.meta.url)("node-pty");

export type RawTerminal = {
  type(input: Buffer): void;
  onOutput: (data: Buffer) => void;
  /** Ends it and waits until it is over. */
  end(): Promise<void>;
};

/** Raw on the far side; printed in two halves so that an echo of the command line does not look like it. */
const prologue = "stty raw -echo -opost; printf 'REA''DY'; ";
const ready = "READY";
const openDeadlineMs = 20_000;

export async function openOurs(
  hub: { url: string; key: string; ca: string; assetId: string },
  command: string,
): Promise<RawTerminal> {
  const client = new TerminalClient(hub);
  await client.opened;
  const started = client.output(ready, openDeadlineMs);
  client.type(`${prologue}${command}; exit\r`);
  await started;
  const terminal: RawTerminal = {
    type: (input) => client.type(input),
    onOutput: () => {},
    end: async () => {
      client.end();
      await client.ended;
    },
  };
  client.onOutput = (data) => terminal.onOutput(data);
  return terminal;
}

export async function openSsh(peer: SshPeer, command: string): Promise<RawTerminal> {
  const [config = [], host = []] = [peer.args.slice(0, -1), peer.args.slice(-1)];
  const child = pty.spawn("ssh", [...config, "-tt", ...host, `${prologue}${command}`], { cols: 80, rows: 24, encoding: null });
  const exited = new Promise<void>((resolve) => child.onExit(() => resolve()));
  let seen = "";
  const terminal: RawTerminal = {
    type: (input) => child.write(input),
    onOutput: () => {},
    end: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${peer.name} did not open: ${seen}`)), openDeadlineMs);
    terminal.onOutput = (data) => {
      seen += data.toString("latin1");
      if (!seen.includes(ready)) return;
      clearTimeout(timer);
      terminal.onOutput = () => {};
      resolve();
    };
    child.onData((data) => terminal.onOutput(data));
  });
  return terminal;
}

/** Microseconds from each typed byte to its echo, one after the other. */
export async function timeEchoes(terminal: RawTerminal, samples: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < samples; n += 1) {
    const byte = 97 + (n % 26);
    const echoed = new Promise<void>((resolve) => {
      terminal.onOutput = (data) => {
        if (data.includes(byte)) resolve();
      };
    });
    const from = performance.now();
    terminal.type(Buffer.of(byte));
    await echoed;
    times.push((performance.now() - from) * 1_000);
  }
  return times;
}

/** Milliseconds until this many bytes have come. */
export function timeBytes(terminal: RawTerminal, bytes: number): Promise<number> {
  const from = performance.now();
  let seen = 0;
  return new Promise((resolve) => {
    terminal.onOutput = (data) => {
      seen += data.length;
      if (seen >= bytes) resolve(performance.now() - from);
    };
  });
}

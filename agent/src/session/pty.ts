// One pseudoterminal and the process on it. Bytes in, bytes out; knows nothing of streams or the hub.
//
// The end is told only when both are true: the process is gone, and everything it wrote has been read. So a terminal's last
// words are never lost, however long its reader was paused.
import fs from "node:fs";
import os from "node:os";
import tty from "node:tty";
import { codeOf } from "../state/files.ts";
import { ptyAddon } from "./pty-addon.ts";
import { closingOf } from "./session.ts";
import type { Terminal, TerminalOwner } from "./terminal.ts";
import { slaveOf } from "./terminal-mode.ts";

export type PtyOptions = {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  columns: number;
  rows: number;
};

/** Between the hang-up and the kill: time for an editor to save its swap file. */
const killAfterMs = 2_000;

/** One batch of output. The kernel hands over at most 4 KiB a read, so more reads follow a full one. */
const batchBytes = 64 * 1_024;
const kernelReadBytes = 4_000;

/** Shared by all terminals: whoever takes the bytes copies them before the callback returns. */
const scratch = Buffer.allocUnsafeSlow(batchBytes);

/** The kernel took no more input; a program that reads none may do so for hours, so the tries grow apart. */
const firstInputRetryMs = 2;
const lastInputRetryMs = 100;

/**
 * The kernel gives each child every open terminal of the agent, and the addon sets no close-on-exec: one person's shell could
 * read another's. bash closes them all before it becomes the shell. The text is constant; what to run comes as arguments.
 */
// biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own braces
const closeOthers = 'for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && exec {fd}>&-; done; exec "$0" "$@"';
const bash = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"].find((file) => fs.existsSync(file));

export class Pty implements Terminal {
  readonly pid: number;
  readonly #fd: number;
  readonly #owner: TerminalOwner;
  readonly #reader: tty.ReadStream;
  #input: Buffer[] = [];
  #inputBytes = 0;
  #inputRetry: NodeJS.Timeout | null = null;
  #paused = false;
  #readAll = false;
  /** Once the reader has failed, the number of our descriptor may be somebody else's. */
  #open = true;
  #exit: { exitCode: number | null; signal: string | null } | null = null;
  #killTimer: NodeJS.Timeout | null = null;
  #ended = false;
  /** Looked up when first asked for. */
  #slave: string | null | undefined;

  constructor({ file, args, cwd, env, columns, rows }: PtyOptions, owner: TerminalOwner) {
    this.#owner = owner;
    const command = bash === undefined ? [file, ...args] : [bash, "--norc", "--noprofile", "-c", closeOthers, file, ...args];
    const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const onExit = (code: number, signal: number): void => this.#exited(code, signal);
    const { fd, pid } = ptyAddon().fork(
      command[0] ?? file,
      command.slice(1),
      environment,
      cwd,
      columns,
      rows,
      -1,
      -1,
      true,
      "",
      onExit,
    );
    this.#fd = fd;
    this.pid = pid;
    // Read into our own buffer: a stream's own would hold a chunk that EIO then throws away.
    this.#reader = new tty.ReadStream(fd, { onread: { buffer: scratch, callback: (bytes) => this.#read(bytes) } });
    this.#reader.on("error", () => this.#hungUp()); // EIO: no process has the terminal open and all has been read
    this.#reader.on("end", () => this.#hungUp());
    this.#reader.resume();
  }

  write(bytes: Uint8Array): void {
    if (!this.#open) {
      this.#owner.onInputTaken(0);
      return;
    }
    this.#input.push(Buffer.from(bytes)); // a copy: the caller's bytes are only valid now
    this.#inputBytes += bytes.length;
    if (this.#inputRetry === null) this.#pushInput(firstInputRetryMs);
  }

  resize(columns: number, rows: number): void {
    if (this.#open) ptyAddon().resize(this.#fd, columns, rows);
  }

  /** Not once it has ended: its number is given again. */
  get slave(): string | null {
    if (!this.#open || this.#exit !== null) return null;
    if (this.#slave === undefined) this.#slave = slaveOf(this.#fd);
    return this.#slave;
  }

  resume(): void {
    if (!this.#paused || this.#ended) return;
    this.#paused = false;
    if (!this.#readAll) this.#reader.resume();
    if (this.#exit !== null) this.#drain();
  }

  /** What a modem did: HUP to the session, and KILL to who does not listen. */
  hangUp(): void {
    if (!this.#signalGroup("SIGHUP")) return;
    this.#killTimer ??= setTimeout(() => this.#signalGroup("SIGKILL"), killAfterMs);
  }

  /** A signal to everything in the session's own process group; `false` when there is nothing left. */
  #signalGroup(signal: NodeJS.Signals): boolean {
    if (this.#exit !== null) return false; // the number may already be another process's
    try {
      return process.kill(-this.pid, signal);
    } catch {
      return false;
    }
  }

  #read(bytes: number): boolean {
    const filled = bytes < kernelReadBytes ? bytes : this.#readMore(bytes);
    return this.#hand(filled);
  }

  /** Goes on reading without a turn of the event loop for each 4 KiB. Returns how much of the scratch is filled. */
  #readMore(from: number): number {
    let filled = from;
    try {
      while (filled < batchBytes) {
        const read = fs.readSync(this.#fd, scratch, filled, batchBytes - filled, null);
        if (read === 0) break;
        filled += read;
      }
    } catch (error) {
      if (codeOf(error) === "EIO") this.#readAll = true;
      else if (codeOf(error) !== "EAGAIN") throw error;
    }
    return filled;
  }

  #hand(bytes: number): boolean {
    if (bytes > 0 && !this.#owner.onOutput(scratch.subarray(0, bytes))) {
      this.#paused = true;
      this.#reader.pause();
    }
    return !this.#paused;
  }

  /** The process is gone: what it wrote is all in the kernel. Reads until there is nothing, or until the owner is full. */
  #drain(): void {
    while (!this.#paused && !this.#readAll) {
      const filled = this.#readMore(0);
      // Nothing more now. Something the shell left behind may hold the terminal, but the shell's own words have all been read.
      if (filled === 0) this.#readAll = true;
      this.#hand(filled);
    }
    this.#endWhenDone();
  }

  #exited(code: number, signal: number): void {
    this.#exit = signal === 0 ? { exitCode: code, signal: null } : { exitCode: null, signal: signalName(signal) };
    this.#drain();
  }

  #hungUp(): void {
    this.#open = false;
    this.#readAll = true;
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#ended || this.#exit === null || !this.#readAll || this.#paused) return;
    this.#ended = true;
    this.#open = false;
    if (this.#inputRetry !== null) clearTimeout(this.#inputRetry);
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#reader.destroy(); // closes the terminal: whatever is left on it is hung up
    this.#owner.onEnd(closingOf(this.#exit));
  }

  #pushInput(retryMs: number): void {
    this.#inputRetry = null;
    let wait = retryMs;
    while (this.#open) {
      const head = this.#input[0];
      if (head === undefined) return;
      const taken = this.#tryWrite(head);
      if (taken === 0) {
        this.#inputRetry = setTimeout(() => this.#pushInput(Math.min(wait * 2, lastInputRetryMs)), wait);
        return;
      }
      wait = firstInputRetryMs;
      this.#inputBytes -= taken;
      if (taken === head.length) this.#input.shift();
      else this.#input[0] = head.subarray(taken);
      this.#owner.onInputTaken(this.#inputBytes);
    }
  }

  /** Straight to the kernel: a stream's write would spin on a full terminal, since libuv takes a master side for blocking. */
  #tryWrite(bytes: Buffer): number {
    try {
      return fs.writeSync(this.#fd, bytes);
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return 0;
      if (codeOf(error) === "EIO") return bytes.length; // nobody is there to read it
      throw error;
    }
  }
}

function signalName(number: number): string {
  return Object.entries(os.constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}

// How a pty treats what is typed into it, as coreutils' stty(1) reads it from the slave: Node cannot, and we ship no native code of our own.
import { execFile } from "node:child_process";
import fs from "node:fs";

export type TerminalMode = {
  /** The kernel prints what is typed (ECHO of termios(3)). */
  echo: boolean;
  /** The kernel edits the line and hands it over whole (ICANON). */
  canonical: boolean;
};

/** By absolute path: nothing a person's PATH says may run as the agent. The last is where NixOS has it. */
const places = ["/usr/bin/stty", "/bin/stty", "/run/current-system/sw/bin/stty"];
const stty = places.find((file) => fs.existsSync(file));

/** It takes two milliseconds; a host so busy that it takes this long has no answer that is still true. */
const deadlineMs = 1_000;
/** All modes of a terminal in words are about 800 bytes. */
const answerBytesMax = 8 * 1_024;

/**
 * The device on the other side of the pty whose master is our descriptor `fd`. The kernel's own number of it (Linux 4.14 or later),
 * so that nothing the shell does with its descriptors or its controlling terminal leads elsewhere. Null when the kernel does not say.
 */
export function slaveOf(fd: number): string | null {
  try {
    const index = /^tty-index:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
    return index === undefined ? null : `/dev/pts/${index}`;
  } catch {
    return null; // no /proc
  }
}

/** Null when it cannot be told: no stty on this host, or the terminal is gone. Costs one process. */
export function readTerminalMode(slave: string): Promise<TerminalMode | null> {
  if (stty === undefined) return Promise.resolve(null);
  const options = {
    cwd: "/",
    env: { LC_ALL: "C" },
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    maxBuffer: answerBytesMax,
  } as const;
  return new Promise((resolve) => {
    execFile(stty, ["-F", slave, "-a"], options, (error, words) => resolve(error === null ? modeIn(words) : null));
  });
}

/** Of the words of `stty -a`: a flag stands there by its name, with a minus before it when it is off. */
export function modeIn(words: string): TerminalMode | null {
  const said = new Set(words.split(/[\s;]+/));
  const flag = (name: string): boolean | null => (said.has(name) ? true : said.has(`-${name}`) ? false : null);
  const [echo, canonical] = [flag("echo"), flag("icanon")];
  return echo === null || canonical === null ? null : { echo, canonical };
}

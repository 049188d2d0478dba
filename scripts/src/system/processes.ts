// Processes as the kernel shows them in /proc: who descends from whom, who is gone, how much memory they take.
import { readdirSync, readFileSync } from "node:fs";

/** A pid with its start time, since pids are used again. */
export type Process = { pid: number; start: string; command: string };

type Stat = { pid: number; parent: number; session: number; start: string; state: string; command: string };

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): the name may contain anything, so fields are counted from its closing bracket.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return {
      pid,
      state: fields[0] ?? "",
      parent: Number(fields[1]),
      session: Number(fields[3]),
      start: fields[19] ?? "",
      command,
    };
  } catch {
    return null;
  }
}

/** The process and all its descendants now. Those that became somebody else's children in the meantime are not found. */
export function processTree(pid: number): Process[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const wanted = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const one of all) {
      if (wanted.has(one.pid) || !wanted.has(one.parent)) continue;
      wanted.add(one.pid);
      grown = true;
    }
  }
  return all.filter((one) => wanted.has(one.pid)).map(({ pid: id, start, command }) => ({ pid: id, start, command }));
}

/** A zombie is gone: only its parent's wait is missing. */
export function isGone({ pid, start }: Process): boolean {
  const now = readStat(pid);
  return now === null || now.start !== start || now.state === "Z";
}

export type Memory = {
  rssBytes: number;
  /** The proportional share: a page that n processes share counts 1/n in each. */
  pssBytes: number;
  /** The highest that RSS ever was. */
  highestBytes: number;
};

/** Resident bytes now and ever (proc(5): smaps_rollup, status). Null when it is gone or not ours to read. */
export function memoryOf(pid: number): Memory | null {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8") + readFileSync(`/proc/${pid}/status`, "utf8");
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1_024;
    return { rssBytes: bytes("Rss"), pssBytes: bytes("Pss"), highestBytes: bytes("VmHWM") };
  } catch {
    return null;
  }
}

/** Processor time a process has used so far, its threads' included: proc(5), fields 14 and 15 of stat, in hundredths of a second. 0 when it is gone. */
export function processorSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

// Names a process so that it is recognised after a restart: process ids are used again, an id with its start time and boot is not.
import fs from "node:fs";
import { readIfThere } from "./files.ts";

/** One line: `pid startTicks bootId`. Start time is field 22 of /proc/<pid>/stat, in clock ticks since boot. */
export type ProcessMark = string;

/** Null when there is no such process. */
export function markOf(pid: number): ProcessMark | null {
  const started = startTicks(pid);
  return started === null ? null : `${pid} ${started} ${bootId()}`;
}

export function isAlive(mark: ProcessMark): boolean {
  const pid = pidOf(mark);
  return pid !== null && markOf(pid) === mark.trim();
}

export function pidOf(mark: ProcessMark): number | null {
  const pid = Number(mark.trim().split(" ")[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

/** The mark in a file, or null when there is no file. */
export function readMark(file: string): ProcessMark | null {
  return readIfThere(file)?.toString().trim() ?? null;
}

function startTicks(pid: number): string | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  // The command's name stands in brackets and may hold anything, brackets and spaces too: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? null : (fields[19] ?? null);
}

function readStat(pid: number): string | null {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null; // gone, perhaps between opening and reading
  }
}

function bootId(): string {
  return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

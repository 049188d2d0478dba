// One hub per data folder: a file that names the process which holds it. A dead or recycled pid does not count.
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { HubError } from "./errors.ts";
import { writeFileWhole } from "./files.ts";

/** Start time of a process in clock ticks since boot (proc(5), field 22), or null when there is none. */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** @throws HubError `conflict` when another living hub holds the folder. Returns the release. */
export function lockDataFolder(dataDir: string): () => void {
  const file = path.join(dataDir, "hub.lock");
  const holder = readHolder(file);
  if (holder !== null && holder.pid !== process.pid && processStart(holder.pid) === holder.start) {
    throw new HubError(
      "conflict",
      `The data folder ${dataDir} is in use by another hub (process ${holder.pid}). Stop it, or choose another folder with --data.`,
    );
  }
  writeFileWhole(file, `${process.pid} ${processStart(process.pid) ?? ""}\n`);
  return () => rmSync(file, { force: true });
}

function readHolder(file: string): { pid: number; start: string } | null {
  try {
    const [pid, start] = readFileSync(file, "utf8").trim().split(" ");
    return pid === undefined || start === undefined ? null : { pid: Number(pid), start };
  } catch {
    return null;
  }
}

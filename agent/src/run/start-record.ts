// When the script's process came to be, as started.json: written once by whoever started it.
import path from "node:path";
import { readIfThere, writeDurably } from "../state/files.ts";
import { parseObject } from "../state/identity.ts";
import { taskFiles } from "./task.ts";

/** `mark`: of the script's process; empty on a neighbour. `startedAtMs`: this host's clock. */
export type StartRecord = { mark: string; startedAtMs: number };

export function writeStart(folder: string, record: StartRecord): void {
  writeDurably(path.join(folder, taskFiles.started), JSON.stringify(record));
}

/** Null when nothing was started. */
export function readStart(folder: string): StartRecord | null {
  const text = readIfThere(path.join(folder, taskFiles.started));
  const start = text === null ? null : parseObject(text.toString());
  const mark: unknown = start === null ? null : Reflect.get(start, "mark");
  const startedAtMs: unknown = start === null ? null : Reflect.get(start, "startedAtMs");
  return typeof mark === "string" && typeof startedAtMs === "number" ? { mark, startedAtMs } : null;
}

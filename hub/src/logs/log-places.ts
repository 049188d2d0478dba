// Where logs lie in a data folder, and what lies beside them. The only place that makes paths of ids.
import { existsSync } from "node:fs";
import { opendir } from "node:fs/promises";
import path from "node:path";
import { isId } from "@sallyport/protocol/ids";
import { HubError } from "../platform/errors.ts";

export const logsFolder = (dataDir: string): string => path.join(dataDir, "logs");

/** A session, an output, or artefacts: these have logs. */
export const logKinds = ["ses", "exe", "art"] as const;
export type LogKind = (typeof logKinds)[number];

export const isLogId = (text: string): boolean => logKinds.some((kind) => isId(kind, text));

/** Ids are checked here again: no text from outside becomes a path. Their first characters are the time, so folders fill one after another. */
export function logFileOf(dataDir: string, id: string): string {
  if (!isLogId(id)) throw new HubError("internal", "Not the id of a log.");
  return path.join(logsFolder(dataDir), id.slice(0, 8), `${id}.log`);
}

/** The signed checkpoint of an open log. Gone once the log is closed and carries its signed head itself. */
export const checkpointOf = (file: string): string => `${file}.open`;
/** Screens on the way, for seeking. Made again when it is missing. */
export const keyframesOf = (file: string): string => `${file}.keyframes`;
/** The object store has the log: its bytes and SHA-256. The log's own file may be gone. */
export const storedNoteOf = (file: string): string => `${file}.stored`;
/** The same, of an object that is still to be removed. */
export const doomedNoteOf = (file: string): string => `${file}.doomed`;

const parts = { log: ".log", open: ".log.open", stored: ".log.stored", doomed: ".log.doomed" } as const;
type Part = keyof typeof parts;

/** A log by what there is of it. `file` is where it lies, or would. */
export type LogEntry = { id: string; file: string; has: Record<Part, boolean> };

/** Every log of a data folder, folder by folder, in no order. */
export async function* logEntries(dataDir: string): AsyncGenerator<LogEntry> {
  const root = logsFolder(dataDir);
  if (!existsSync(root)) return;
  for await (const folder of await opendir(root)) {
    if (!folder.isDirectory()) continue;
    const found = new Map<string, LogEntry>();
    for await (const { name } of await opendir(path.join(root, folder.name))) {
      const id = name.slice(0, name.indexOf("."));
      const part = partOf(name.slice(id.length));
      if (part === null || !isLogId(id)) continue;
      const file = path.join(root, folder.name, `${id}${parts.log}`);
      const entry = found.get(id) ?? { id, file, has: { log: false, open: false, stored: false, doomed: false } };
      entry.has[part] = true;
      found.set(id, entry);
    }
    yield* found.values();
  }
}

function partOf(ending: string): Part | null {
  for (const part of ["log", "open", "stored", "doomed"] as const) if (parts[part] === ending) return part;
  return null;
}

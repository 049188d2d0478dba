// Collects what a script left behind into one archive beside its output. Part of the runner: with the rights of the script, and at nobody's cost but its own.
// Names on the host may be anybody's: a symbolic link is not followed to what its maker could not read, and nothing but regular files is opened.
import fs from "node:fs";
import path from "node:path";
import { hasCode } from "../state/files.ts";
import { Archive, type ArchiveOptions, type FoundFile } from "./archive.ts";
import type { Collected } from "./artefacts-record.ts";

/** Names of a folder read before a stop is heard; a folder may hold millions. */
const namesAtOnce = 1_024;

type Found = { file: Buffer; state: "found" | "not-there" | "unreadable" | "beyond-cap" };

/** @param patterns absolute paths, `*` in the last part: any characters, as in a shell none of which is a leading dot. */
export async function collectArtefacts(patterns: readonly string[], file: string, options: ArchiveOptions): Promise<Collected> {
  const archive = new Archive(file, options);
  try {
    for (const pattern of patterns)
      for await (const { file: name, state } of matchesOf(pattern, archive.filesMax, archive.isStopped)) {
        if (!archive.isNew(name)) continue;
        if (state === "found") await addFile(archive, name);
        else archive.leaveOut(name, state);
      }
  } catch (error) {
    archive.giveUp();
    throw error;
  }
  return archive.finish();
}

async function* matchesOf(pattern: string, filesMax: number, isStopped: () => boolean): AsyncGenerator<Found> {
  const file = Buffer.from(pattern);
  const folder = path.dirname(pattern);
  const last = path.basename(pattern);
  if (!last.includes("*")) return void (yield { file, state: "found" });
  const names: Buffer[] = [];
  let more = false;
  try {
    const open = fs.opendirSync(folder, { encoding: "latin1" });
    try {
      for (let n = 1; ; n++) {
        const entry = open.readSync();
        if (entry === null || more) break;
        const name = Buffer.from(entry.name, "latin1"); // byte for byte: not every name is UTF-8
        if (matches(entry.name, Buffer.from(last).toString("latin1"))) {
          if (names.length < filesMax) names.push(name);
          else more = true;
        }
        if (n % namesAtOnce === 0) await breath();
        if (isStopped()) break;
      }
    } finally {
      open.closeSync();
    }
  } catch (error) {
    yield { file, state: hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") ? "not-there" : "unreadable" };
    return;
  }
  names.sort(Buffer.compare);
  for (const name of names)
    yield { file: Buffer.concat([Buffer.from(folder === "/" ? "/" : `${folder}/`), name]), state: "found" };
  if (names.length === 0) yield { file, state: "not-there" };
  if (more) yield { file, state: "beyond-cap" };
}

/** Each piece between two stars at the first place where it fits: no name makes this slow. */
function matches(name: string, pattern: string): boolean {
  const [first = "", ...pieces] = pattern.split("*");
  const end = pieces.pop() ?? "";
  if (!name.startsWith(first) || (first === "" && name.startsWith("."))) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - end.length >= at && name.endsWith(end);
}

async function addFile(archive: Archive, name: Buffer): Promise<void> {
  if (archive.isStopped()) return archive.leaveOut(name, "stopped");
  let from: number | null = null;
  try {
    if (!fs.lstatSync(name).isFile()) return archive.leaveOut(name, "no-file");
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    from = fs.openSync(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // it may be another by now; a pipe without a writer must not hold us
    const found = fs.fstatSync(from);
    if (!found.isFile()) return archive.leaveOut(name, "no-file");
    await archive.add(name, { size: found.size, mode: found.mode, mtimeMs: found.mtimeMs, read: readerOf(from) });
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) archive.leaveOut(name, "not-there");
    else archive.leaveOut(name, hasCode(error, "ELOOP") || hasCode(error, "ENXIO") ? "no-file" : "unreadable");
  } finally {
    if (from !== null) fs.closeSync(from);
  }
}

function readerOf(from: number): FoundFile["read"] {
  let memory = Buffer.alloc(0);
  return async (most) => {
    await breath();
    if (memory.length < most) memory = Buffer.alloc(most);
    return memory.subarray(0, fs.readSync(from, memory, 0, most, null));
  };
}

/** Signals are heard between two turns of the loop. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

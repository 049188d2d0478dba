// Collects what a script left behind into one archive beside its output. Part of the runner: with the rights of the script, and at nobody's cost but its own.
// Names on the host may be anybody's: a symbolic link is not followed to what its maker could not read, and nothing but regular files is opened.
import fs from "node:fs";
import path from "node:path";
import { artefactBytesMax, artefactFilesMax } from "@sallyport/protocol/limits";
import { hasCode, syncDirectory } from "../state/files.ts";
import { ArtefactList, type ArtefactState, type Collected } from "./artefacts-record.ts";
import { tarBlockBytes, tarEnd, tarHead, tarPadding } from "./tar-entry.ts";

/** Copied at once; between two a stop is heard. */
const pieceBytes = 256 * 1024;
/** Names of a folder read before a stop is heard; a folder may hold millions. */
const namesAtOnce = 1_024;

type Options = { bytesMax?: number; filesMax?: number; isStopped: () => boolean };
type Found = { file: Buffer; state: "found" | "not-there" | "unreadable" | "beyond-cap" };

/**
 * The archive appears whole and synced under its name, or not at all where nothing was collected.
 *
 * @param patterns absolute paths, `*` in the last part: any characters, as in a shell none of which is a leading dot.
 */
export async function collectArtefacts(
  patterns: readonly string[],
  archive: string,
  { bytesMax = artefactBytesMax, filesMax = artefactFilesMax, isStopped }: Options,
): Promise<Collected> {
  const draft = `${archive}.draft`;
  const to = fs.openSync(draft, "w", 0o600);
  const list = new ArtefactList();
  const seen = new Set<string>();
  let bytes = 0;
  try {
    for (const pattern of patterns) {
      for await (const { file, state } of matchesOf(pattern, filesMax, isStopped)) {
        const key = file.toString("latin1");
        if (seen.has(key)) continue;
        seen.add(key);
        const room = { at: bytes, bytesMax: seen.size > filesMax ? 0 : bytesMax };
        const added = state === "found" ? await addFile(to, file, room, isStopped) : { state, size: 0, bytes: 0 };
        bytes += added.bytes;
        list.add({ path: file.toString(), size: added.size, state: added.state });
      }
    }
    if (bytes > 0) bytes += fs.writeSync(to, tarEnd, 0, tarEnd.length, bytes);
    fs.fsyncSync(to);
  } finally {
    fs.closeSync(to);
  }
  if (bytes === 0) fs.unlinkSync(draft);
  else fs.renameSync(draft, archive);
  syncDirectory(path.dirname(archive));
  return list.record(bytes);
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

type Added = { state: ArtefactState; size: number; bytes: number };

/** Adds one file at `at`; what does not get in whole is not in it. */
async function addFile(
  to: number,
  file: Buffer,
  { at, bytesMax }: { at: number; bytesMax: number },
  isStopped: () => boolean,
): Promise<Added> {
  let from: number | null = null;
  let size = 0;
  const leftOut = (state: ArtefactState): Added => {
    fs.ftruncateSync(to, at);
    return { state, size, bytes: 0 };
  };
  try {
    if (isStopped()) return leftOut("stopped");
    if (!fs.lstatSync(file).isFile()) return leftOut("no-file");
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    from = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // it may be another by now; a pipe without a writer must not hold us
    const found = fs.fstatSync(from);
    if (!found.isFile()) return leftOut("no-file");
    size = found.size;
    const head = tarHead({ name: file.subarray(1), size, mode: found.mode, mtimeMs: found.mtimeMs });
    const bytes = head.length + size + tarPadding(size);
    if (at + bytes + 2 * tarBlockBytes > bytesMax) return leftOut("beyond-cap");
    write(to, head, at);
    return (await copy(from, to, { at: at + head.length, size }, isStopped))
      ? { state: "collected", size, bytes }
      : leftOut("stopped");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return leftOut("not-there");
    if (hasCode(error, "ELOOP") || hasCode(error, "ENXIO")) return leftOut("no-file");
    return leftOut(hasCode(error, "ENOSPC") || hasCode(error, "EDQUOT") ? "no-room" : "unreadable");
  } finally {
    if (from !== null) fs.closeSync(from);
  }
}

/** As many bytes as its head says: one that shrinks meanwhile ends in zeros, one that grows is cut. False: stopped. */
async function copy(
  from: number,
  to: number,
  { at, size }: { at: number; size: number },
  isStopped: () => boolean,
): Promise<boolean> {
  const piece = Buffer.alloc(pieceBytes);
  let done = 0;
  while (done < size) {
    if (isStopped()) return false;
    const got = fs.readSync(from, piece, 0, Math.min(pieceBytes, size - done), done);
    if (got === 0) break;
    write(to, piece.subarray(0, got), at + done);
    done += got;
    await breath();
  }
  const rest = size - done + tarPadding(size);
  for (let filled = 0; filled < rest; filled += pieceBytes)
    write(to, Buffer.alloc(Math.min(pieceBytes, rest - filled)), at + done + filled);
  return true;
}

function write(to: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(to, bytes, done, bytes.length - done, at + done);
}

/** Signals are heard between two turns of the loop. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// A file to where it belongs on this host: beside it first, then by one rename, so that nobody ever reads half of it. Everything goes through the
// folder as it was opened once: whoever may write above it cannot lead us elsewhere in between.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, rm, statfs } from "node:fs/promises";
import nodePath from "node:path";
import { codeOf } from "../state/files.ts";
import type { FileToPlace } from "./file-to-place.ts";
import { numberOf } from "./host-account.ts";
import { NotPlaced } from "./not-placed.ts";
import { writeAll } from "./write-all.ts";

export type PlacedState = "new" | "unchanged" | "kept";

const chunkBytes = 256 * 1024;

type Ids = { uid: number | null; gid: number | null };

/**
 * @param content all of it, from its beginning; stays open.
 * @param draft name of the file beside it, this execution's own: one of an earlier try gives way.
 * @param path where getent(1) is looked for.
 * @throws NotPlaced
 */
export async function placeFile(
  content: FileHandle,
  file: FileToPlace,
  { draft, path, signal }: { draft: string; path: string; signal: AbortSignal },
): Promise<PlacedState> {
  try {
    const ids = { uid: await numberOf("passwd", file.owner, path), gid: await numberOf("group", file.group, path) };
    const folder = await open(nodePath.dirname(file.path), constants.O_RDONLY | constants.O_DIRECTORY).catch((error: unknown) => {
      throw notThere(error, nodePath.dirname(file.path));
    });
    try {
      return await inFolder(folder, content, file, { ids, draft, signal });
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw error instanceof NotPlaced || signal.aborted ? error : reasonOf(error, file);
  }
}

async function inFolder(
  folder: FileHandle,
  content: FileHandle,
  file: FileToPlace,
  { ids, draft, signal }: { ids: Ids; draft: string; signal: AbortSignal },
): Promise<PlacedState> {
  const here = (name: string): string => `/proc/self/fd/${folder.fd}/${name}`;
  const target = here(nodePath.basename(file.path));
  const there = await lstat(target).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (there?.isSymbolicLink()) throw new NotPlaced(`${file.path} is a symbolic link, which is not followed and not replaced.`);
  if (there?.isDirectory()) throw new NotPlaced(`${file.path} is a folder.`);
  if (there !== null && !there.isFile()) throw new NotPlaced(`${file.path} is neither a file nor a folder.`);
  if (there !== null && file.keep) return "kept";
  if (there?.size === file.size && (await isSame(target, file, ids, signal))) return "unchanged";
  const { bavail, bsize } = await statfs(here(""));
  if (bavail * bsize < file.size)
    throw new NotPlaced(`No room in ${nodePath.dirname(file.path)}: ${file.size} bytes are needed, ${bavail * bsize} are free.`);
  await rm(here(draft), { force: true });
  const beside = await open(here(draft), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    const hash = await copy(content, file.size, beside, signal);
    if (hash !== file.sha256) throw new NotPlaced("This agent's copy of the file has changed: its SHA-256 differs.");
    await beside.sync();
    await setOwner(beside, file, ids);
    await rename(here(draft), target);
    await folder.sync();
  } catch (error) {
    await rm(here(draft), { force: true });
    throw error;
  } finally {
    await beside.close();
  }
  return "new";
}

/** The same content: mode and owner are set, nothing is written. */
async function isSame(target: string, file: FileToPlace, ids: Ids, signal: AbortSignal): Promise<boolean> {
  const there = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if ((await copy(there, file.size, null, signal)) !== file.sha256) return false;
    await setOwner(there, file, ids);
    return true;
  } finally {
    await there.close();
  }
}

/** By the open file, not by its name. */
async function setOwner(handle: FileHandle, file: FileToPlace, { uid, gid }: Ids): Promise<void> {
  const { uid: ownerNow, gid: groupNow } = await handle.stat();
  const [owner, group] = [uid ?? ownerNow, gid ?? groupNow];
  if (owner !== ownerNow || group !== groupNow) {
    await handle.chown(owner, group).catch((error: unknown) => {
      if (codeOf(error) !== "EPERM") throw error;
      throw new NotPlaced(
        `The agent may not give ${file.path} to ${[file.owner, file.group].filter(Boolean).join(":")}: it is not root.`,
      );
    });
  }
  await handle.chmod(file.mode);
}

/** Its SHA-256 on the way, hex. @param to null: only that. */
async function copy(from: FileHandle, size: number, to: FileHandle | null, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let at = 0; at < size; ) {
    signal.throwIfAborted();
    const { bytesRead } = await from.read(buffer, 0, Math.min(chunkBytes, size - at), at);
    if (bytesRead === 0) break; // shorter than it was: the hash says so
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    if (to !== null) await writeAll(to, piece, at);
    at += bytesRead;
  }
  return hash.digest("hex");
}

function notThere(error: unknown, folder: string): unknown {
  if (codeOf(error) === "ENOENT") return new NotPlaced(`There is no folder ${folder}.`);
  if (codeOf(error) === "ENOTDIR") return new NotPlaced(`${folder} is not a folder.`);
  return error;
}

function reasonOf(error: unknown, { path }: FileToPlace): NotPlaced {
  switch (codeOf(error)) {
    case "EACCES":
    case "EPERM":
      return new NotPlaced(`The agent may not write ${path}: permission denied.`);
    case "EROFS":
      return new NotPlaced(`${path} is on a file system that is read-only.`);
    case "ENOSPC":
    case "EDQUOT":
      return new NotPlaced(`No room for ${path}.`);
    case "ENAMETOOLONG":
      return new NotPlaced(`The name of ${path} is too long for this host.`);
    default:
      return new NotPlaced(`${path} could not be written: ${codeOf(error) || String(error)}.`);
  }
}

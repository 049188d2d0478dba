// Small files that must survive a crash: written beside, synced, renamed into place. Not for streams of bytes.
import fs from "node:fs";
import path from "node:path";

/** After this returns, the file holds either all of `content` or, after a crash before it, what it held before. */
export function writeDurably(file: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = `${file}.${process.pid}.new`;
  const fd = fs.openSync(beside, "w", mode);
  try {
    fs.writeFileSync(fd, content);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(beside, file);
  syncDirectory(path.dirname(file));
}

/** A name in a directory is durable only once the directory is. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Null when there is no such file; any other failure throws. */
export function readIfThere(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

export const hasCode = (error: unknown, code: string): boolean => codeOf(error) === code;

/** The system's name of an error, `""` when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

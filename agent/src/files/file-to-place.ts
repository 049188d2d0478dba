// A file of an order: every cap checked, nothing left optional. Pure.
import { filesPerRunMax, keptFileBytesMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";

export type FileToPlace = {
  /** Hex. */
  sha256: string;
  size: number;
  /** Absolute, without `.` and `..`. */
  path: string;
  mode: number;
  /** Names or numbers; empty: as it comes. */
  owner: string;
  group: string;
  /** What stands there stays. */
  keep: boolean;
};

const pathBytesMax = 1_024;
const account = /^([a-z_][a-z0-9_.-]{0,31}\$?|\d{1,9}|)$/;

/** Null when one of them is not what the hub may ask for. */
export function readFiles(files: readonly wire.FileToPlace.$Properties[]): FileToPlace[] | null {
  const read = files.map(
    (file): FileToPlace => ({
      sha256: Buffer.from(file.sha256 ?? new Uint8Array()).toString("hex"),
      size: file.size ?? 0,
      path: file.path ?? "",
      mode: file.mode ?? 0,
      owner: file.owner ?? "",
      group: file.group ?? "",
      keep: file.keep === true,
    }),
  );
  return read.length <= filesPerRunMax && read.every(isRight) ? read : null;
}

export const wireFile = ({ sha256, ...file }: FileToPlace): wire.FileToPlace.$Properties => ({
  ...file,
  sha256: Buffer.from(sha256, "hex"),
});

const isRight = ({ sha256, size, path, mode, owner, group }: FileToPlace): boolean =>
  sha256.length === 64 &&
  Number.isSafeInteger(size) &&
  size >= 0 &&
  size <= keptFileBytesMax &&
  mode <= 0o777 &&
  account.test(owner) &&
  account.test(group) &&
  isPath(path);

/** A control character in a name is somebody's trick, a line feed would also end a line that a neighbour reads. */
const isPath = (path: string): boolean =>
  Buffer.byteLength(path) <= pathBytesMax &&
  /^\/[^\p{Cc}]*[^\p{Cc}/]$/u.test(path) &&
  path.split("/").every((part) => part !== "." && part !== "..");

// What the use cases of files need from outside of their room.
import type { StorageRoom } from "../logs/storage-room.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Queryable } from "../platform/database.ts";
import type { FileStore } from "./file-store.ts";

/** By a file's id, what would miss it: runs that have not ended, tasks, and requests that wait or may still run. */
export type FileUses = Map<string, number>;

export type FileDeps = {
  db: Database;
  clock: Clock;
  changes: Changes;
  store: FileStore;
  /** Of the disk that the files lie on. */
  room: StorageRoom;
  /** Together, of one organisation; what is still coming counts as if it were there. */
  quotaBytes: number;
  /** Asked of the rooms above. */
  usesOf(db: Queryable, orgId: string, ids: string[]): Promise<FileUses>;
};

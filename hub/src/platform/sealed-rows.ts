// Tables that hold sealed values, so that the hub's key can be changed in all of them. Each room offers its own.
import { lt, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Database } from "./database.ts";

export type SealedRows = {
  /** How many are wrapped with a key below this number. */
  countBelow(key: number): Promise<number>;
  /** The lowest key that one is wrapped with; null when there is none. */
  lowestKey(): Promise<number | null>;
  /** Wraps some of those below the current key with it: few enough for this thread. Returns how many, 0 when none is left. */
  rewrapSome(): Promise<number>;
};

/** Rows that are wrapped at a time: a few milliseconds of this thread, so that echoes pass in between. */
export const rewrappedAtOnce = 100;

/** @param vaultKey the column with the number of the key that a row is wrapped with, so that a hub killed midway goes on where it stopped. */
export const sealedRows = (
  db: Database,
  table: PgTable,
  vaultKey: PgColumn,
  rewrapSome: SealedRows["rewrapSome"],
): SealedRows => ({
  countBelow: (key) => db.$count(table, lt(vaultKey, key)),
  lowestKey: async () => {
    const [row] = await db.select({ key: sql<number | null>`min(${vaultKey})` }).from(table);
    return row?.key ?? null;
  },
  rewrapSome,
});

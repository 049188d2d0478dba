// Keyset paging: a cursor names the last row shown, so pages stay right while rows are added.
import { HubError } from "./errors.ts";

export type Page<T> = { items: T[]; nextCursor: string | null; total: number };

/** A search text as an ILIKE pattern: the person's % and _ mean themselves. */
export const likeOf = (search: string): string => `%${search.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;

/** Cursor of a list sorted by a text or time and an id. */
export const encodeCursor = (sortKey: string, id: string): string =>
  Buffer.from(JSON.stringify([sortKey, id])).toString("base64url");

/** @throws HubError `bad-input` for a cursor we did not make. */
export function decodeCursor(cursor: string | undefined): { sortKey: string; id: string } | null {
  if (cursor === undefined || cursor === "") return null;
  try {
    const [sortKey, id]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof sortKey === "string" && typeof id === "string") return { sortKey, id };
  } catch {
    // not ours: refused below
  }
  throw new HubError("bad-input", "The cursor is not one this hub gave out; start from the first page.");
}

/** Cuts limit + 1 rows to a page. */
export function cutPage<Row>(
  rows: Row[],
  limit: number,
  cursorOf: (row: Row) => string,
): { rows: Row[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { rows: shown, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

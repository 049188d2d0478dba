// The order of the hub's rooms: imports go left only. Rooms that stand together in one place may not import each other.
import type { Target } from "./resolve.ts";

export const roomOrder: readonly (readonly string[])[] = [
  ["platform"],
  ["csv"], // files of rows, read and written; knows none of them
  ["logs"], // append-only logs on disk; sessions and automation both write them
  ["audit"],
  ["identity"],
  ["federation"], // people whom another system recognises; ends in identity's sign-in
  ["notify"],
  ["fleet"],
  ["inventory"],
  ["assets"],
  ["access"],
  ["neighbours"], // signing in on hosts that agents reach; for terminals, scripts and custody
  ["scripts"], // what is kept to run again; automation runs it
  ["files"], // what is kept to push to hosts; automation pushes it
  ["sessions", "automation"],
  ["tasks"], // when and where scripts run by themselves
  ["custody"], // what is done with accounts on their assets; connects as sessions do
  ["databases"], // the hub's own connections to databases, what is in them, and the accounts that requests give there
  ["tickets"],
  ["rules"], // what holds up what grants allow; raises tickets, and is asked by sessions through a port
  ["reviews"], // who reaches what, looked at by whoever it concerns; takes back what can be
  ["broker", "gateway", "api"],
  ["hub.ts"],
  ["main.ts"],
];

/** The room of a file of the hub: the first name after hub/src/. Null for files elsewhere. */
export const roomOf = (file: string): string | null => /^hub\/src\/([^/]+)/.exec(file)?.[1] ?? null;

const placeOf = (room: string) => roomOrder.findIndex((rooms) => rooms.includes(room));

/** Null when allowed, otherwise why not and what to do. */
export function breaksRoomLaw(file: string, target: Target): string | null {
  const from = roomOf(file);
  const to = target.kind === "file" ? roomOf(target.file) : null;
  if (from === null || to === null || from === to) return null;
  const unplaced = [from, to].find((room) => placeOf(room) < 0);
  if (unplaced !== undefined)
    return `${unplaced} has no place in the order of rooms; give it one in scripts/src/import-law/room-law.ts`;
  if (placeOf(to) < placeOf(from)) return null;
  const where = placeOf(to) === placeOf(from) ? `${from} and ${to} stand side by side` : `${to} stands right of ${from}`;
  return `${where} and imports go left only; let ${from} declare a small port type and pass it in from hub.ts`;
}

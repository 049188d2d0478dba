// Whether one thing asked for is within another: an approver may narrow, never widen. Pure.
import type { Asked } from "./input.ts";
import { kindOf } from "./kinds/kinds.ts";

/** What goes beyond `asked`, by the field's name; null when nothing does. */
export function goesBeyond(given: Asked, asked: Asked): string | null {
  if (given.kind !== asked.kind) return "kind";
  const beyond = kindOf(asked).goesBeyond(given, asked);
  if (beyond !== null) return beyond;
  if (given.minutes > asked.minutes) return "minutes";
  return beginsWithin(given, asked) ? null : "startsAt";
}

/** It begins no earlier and, where both moments are known, ends no later. */
function beginsWithin(given: Asked, asked: Asked): boolean {
  if (asked.startsAt === null) return given.startsAt === null;
  if (given.startsAt === null) return false;
  const [from, earliest] = [Date.parse(given.startsAt), Date.parse(asked.startsAt)];
  return from >= earliest && from + given.minutes * 60_000 <= earliest + asked.minutes * 60_000;
}

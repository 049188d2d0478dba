// What a person's account is right now. Pure.
//
//   invited ── accepts ──▶ active ◀── time, unlock ── locked
//                            │  ▲
//          an administrator  ▼  │            the date passes: expired, until the date is moved
//                          disabled
import type { personStates } from "./input.ts";
import type { UserRow } from "./schema.ts";

export type PersonState = (typeof personStates)[number];
type Facts = Pick<UserRow, "disabledAt" | "expiresAt" | "accepted" | "lockedUntil">;

const isOver = ({ expiresAt }: Pick<UserRow, "expiresAt">, now: Date): boolean => expiresAt !== null && expiresAt <= now;

/** The first that holds; people.ts says the same in SQL. */
export function personStateOf(user: Facts, now: Date): PersonState {
  if (user.disabledAt !== null) return "disabled";
  if (isOver(user, now)) return "expired";
  if (!user.accepted) return "invited";
  return user.lockedUntil !== null && user.lockedUntil > now ? "locked" : "active";
}

/** May use what he holds. One who is locked may: guessing at somebody's password must not end that person's work. */
export const mayAct = (user: Facts, now: Date): boolean => user.disabledAt === null && user.accepted && !isOver(user, now);

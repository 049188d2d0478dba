// How accounts are called on database servers. Pure.
import type { Dialect } from "./dialect.ts";
import type { Place } from "./input.ts";

/** read: `_r`; write: `_w`. */
export type Level = "read" | "write";

/** Reading is SELECT and nothing else. */
export const levelOf = (places: readonly Pick<Place, "privileges">[]): Level =>
  places.every(({ privileges }) => privileges.every((one) => one === "select")) ? "read" : "write";

/** `{user}` stands for who it is for, `{level}` for r or w. */
export const usualPattern = "jump_db_{user}_{level}";

/** MySQL §8.2.1: 32 characters; PostgreSQL: NAMEDATALEN less one. */
const nameMax: Record<Dialect, number> = { mysql: 32, postgresql: 63 };

/** What every server takes without quotes, and no tool reads as anything else. */
const plain = (username: string): string => username.toLowerCase().replace(/[^a-z0-9_]/g, "_");

/**
 * Names for somebody's account, the best first: of two people who would be called the same, the second gets a number. Without end.
 *
 * @param username a person's, as the hub has it.
 */
export function* namesFor(pattern: string, dialect: Dialect, username: string, level: Level): Generator<string> {
  const around = pattern.replace("{level}", level === "read" ? "r" : "w");
  const room = nameMax[dialect] - around.replace("{user}", "").length;
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? "" : `_${number}`;
    yield around.replace("{user}", `${plain(username).slice(0, Math.max(1, room - suffix.length))}${suffix}`);
  }
}

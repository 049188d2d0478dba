// User names: what somebody is called on the hosts and where an address would be too long. Unique on the hub, lower case.
import { like, sql } from "drizzle-orm";
import type { Transaction } from "../platform/database.ts";
import { users } from "./schema.ts";

export const usernameCharsMax = 32;

/** A user name out of an e-mail address: what stands before the @, without what a user name may not have. */
export function usernameFrom(email: string): string {
  const wanted = (email.split("@")[0] ?? "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, usernameCharsMax);
  return wanted.length < 2 ? "user" : wanted;
}

/** One that nobody has yet: with a number behind it if somebody does. Two who ask at once get two. */
export async function freeUsername(tx: Transaction, email: string): Promise<string> {
  await lockUsernames(tx);
  const base = usernameFrom(email);
  const stem = base.slice(0, usernameCharsMax - 8);
  const rows = await tx
    .select({ username: users.username })
    .from(users)
    .where(like(users.username, `${stem.replace(/[\\%_]/g, (character) => `\\${character}`)}%`));
  return usernameAmong(new Set(rows.map(({ username }) => username)), email);
}

/** One that is not taken: with a number behind it if need be. Pure. */
export function usernameAmong(taken: { has(username: string): boolean }, email: string): string {
  const base = usernameFrom(email);
  const stem = base.slice(0, usernameCharsMax - 8);
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) if (!taken.has(`${stem}${n}`)) return `${stem}${n}`;
}

/** One choice of a user name at a time, until the transaction ends. */
export async function lockUsernames(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('usernames', 0))`);
}

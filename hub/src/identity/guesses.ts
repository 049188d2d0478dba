// Guesses at what a person must show besides being there: codes, and the password when asked again. Counted in the database before the guess
// is looked at, so that a hundred at once are a hundred, and a restart forgets none.
import { eq, sql } from "drizzle-orm";
import { HubError } from "../platform/errors.ts";
import type { IdentityDeps } from "./deps.ts";
import { users } from "./schema.ts";

/** Six digits, three of which are valid at any time: a day of guessing finds one with a chance of 1 in 230, and is in the audit trail. */
export const guessesMax = 5;
const windowMs = 5 * 60_000;

/** @returns how many guesses there were in this window, this one included. @throws HubError `locked-out`. */
export async function countGuess({ db, clock }: IdentityDeps, userId: string): Promise<number> {
  const now = clock.now();
  const over = sql`(${users.guessesSince} is null or ${users.guessesSince} <= ${new Date(now.getTime() - windowMs).toISOString()})`;
  const [row] = await db
    .update(users)
    .set({
      guesses: sql`case when ${over} then 1 else ${users.guesses} + 1 end`,
      guessesSince: sql`case when ${over} then ${now.toISOString()}::timestamptz else ${users.guessesSince} end`,
    })
    .where(eq(users.id, userId))
    .returning({ guesses: users.guesses, since: users.guessesSince });
  const guesses = row?.guesses ?? guessesMax + 1;
  if (guesses <= guessesMax) return guesses;
  const until = (row?.since ?? now).getTime() + windowMs;
  const retryAfterSeconds = Math.max(1, Math.ceil((until - now.getTime()) / 1_000));
  throw new HubError("locked-out", `Too many wrong codes. Try again in ${retryAfterSeconds} seconds.`, {
    facts: { retryAfterSeconds },
  });
}

/** After a right one. */
export async function forgetGuesses(db: IdentityDeps["db"], userId: string): Promise<void> {
  await db.update(users).set({ guesses: 0 }).where(eq(users.id, userId));
}

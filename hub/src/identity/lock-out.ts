// Lock-out after wrong passwords. Pure. Five free tries, then the wait doubles: guessing 1,000 passwords takes weeks,
// a person with a bad day waits a minute.

export const freeAttempts = 5;
const firstLockMs = 60_000;
const longestLockMs = 60 * 60_000;

/** Until when an account is locked after this many failures in a row; null while tries are left. */
export function lockedUntil(failures: number, now: Date): Date | null {
  if (failures < freeAttempts) return null;
  return new Date(now.getTime() + Math.min(firstLockMs * 2 ** (failures - freeAttempts), longestLockMs));
}

// When to say something again that the hub has not answered. Pure.

const firstMs = 1_000;
const lastMs = 60_000;

export type Retry = { tries: number; dueAt: number };

/** Due at once. */
export const dueNow: Retry = { tries: 0, dueAt: 0 };

/** After it was said at `now`: one second, two, four … a minute, each up to a quarter longer so that agents do not march in step. */
export function saidAt(retry: Retry, now: number, random: number): Retry {
  const wait = Math.min(lastMs, firstMs * 2 ** Math.min(retry.tries, 16));
  return { tries: retry.tries + 1, dueAt: now + wait * (1 + random / 4) };
}

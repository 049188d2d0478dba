// How long to wait before dialling the hub again: full jitter, so that a thousand tabs do not return in one instant.

export const backoffFirstMs = 300;
export const backoffMostMs = 10_000;

/** `attempt` counts from 0; `random` is in [0, 1). The answer is between 0 and the doubling ceiling. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(backoffMostMs, backoffFirstMs * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling * random);
}

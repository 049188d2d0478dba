// How long to wait before the next try: full jitter, so that a thousand agents do not come back in the same second. Pure.

const firstMs = 500;
/** Nobody waits for an idle agent, and a hub that restarts is not back within a second: fewer tries in vain, at most about six in the first minute. */
const firstIdleMs = 2_000;
/** Somebody waits at a terminal, and few agents have one. */
const cappedWithSessionsMs = 2_000;
const cappedIdleMs = 60_000;

/** @param failures tries that failed in a row, 0 after a link that had worked. @param random 0 ≤ random < 1. */
export function reconnectDelayMs(failures: number, sessionsLive: boolean, random: number): number {
  const [first, cap] = sessionsLive ? [firstMs, cappedWithSessionsMs] : [firstIdleMs, cappedIdleMs];
  return Math.round(random * Math.min(cap, first * 2 ** Math.min(failures, 16)));
}

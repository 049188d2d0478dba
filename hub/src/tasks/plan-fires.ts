// What becomes of the moments that are due: run, or missed. Pure.
import type { Misfire } from "./input.ts";

/** Quartz's threshold: later than this a moment was missed. */
export const misfireThresholdMs = 60_000;
/** What `ignore` runs at most after an outage: a hub that comes back must not drown its fleet. */
export const caughtUpMax = 10;
/** Missed moments with a row of their own; the last row counts the rest. */
export const missedRowsMax = 100;
/** Looked at one by one; a task by the second that slept for a day is not worth more. */
const walkedMax = 2_000;

export type FirePlan = {
  /** Each gets a run, oldest first. */
  run: Date[];
  /** Each gets a row that says so, oldest first. */
  missed: Date[];
  /** Missed after these; at least so many. */
  more: number;
  next: Date | null;
};

/**
 * @param due the moment that was due first.
 * @param following the moment after another; null when none is to come.
 */
export function planFires(misfire: Misfire, due: Date, now: Date, following: (after: Date) => Date | null): FirePlan {
  const late: Date[] = [];
  const onTime: Date[] = [];
  let more = 0;
  let at: Date | null = due;
  for (let walked = 0; at !== null && at <= now; walked++) {
    if (walked >= walkedMax) {
      more++;
      at = following(now);
      break;
    }
    (now.getTime() - at.getTime() > misfireThresholdMs ? late : onTime).push(at);
    at = following(at);
  }
  const caughtUp = misfire === "fire_once_now" ? late.slice(-1) : misfire === "ignore" ? late.slice(-caughtUpMax) : [];
  const missed = late.slice(0, late.length - caughtUp.length);
  return {
    run: [...caughtUp, ...onTime],
    missed: missed.slice(0, missedRowsMax),
    more: more + Math.max(0, missed.length - missedRowsMax),
    next: at,
  };
}

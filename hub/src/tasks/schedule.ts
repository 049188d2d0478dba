// When a task is due. Pure, by the wall clock of its zone:
//   a time that the change to summer time skips is due when the clock has jumped; one that comes twice is due the first time only,
//   and what repeats within the hour goes on in even steps through both. An interval knows no wall clock.
import { Cron } from "croner";
import { HubError } from "../platform/errors.ts";
import type { Schedule } from "./input.ts";

/** A day of the wall clock there, `2026-12-25`. */
export type IsExcluded = (day: string) => boolean;

/** Days in a row that calendars may leave out before a schedule counts as one that never comes. */
const stepsMax = 5_000;

/** @throws HubError `bad-input` for an expression that is none, or that never comes. */
export function checkSchedule(schedule: Schedule, now: Date): void {
  if (schedule.kind === "cron" && !/^\S+(\s+\S+){4,5}$/.test(schedule.expression))
    throw wrong("a cron expression has five fields, or six with seconds first");
  if (schedule.kind !== "once" && schedule.startsAt !== undefined && schedule.endsAt !== undefined)
    if (Date.parse(schedule.startsAt) >= Date.parse(schedule.endsAt)) throw wrong("it ends before it starts");
  try {
    if (nextFire(schedule, now, () => false) === null) throw wrong("it never comes again");
  } catch (error) {
    if (error instanceof HubError) throw error;
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "it cannot be read";
    throw wrong(reason.slice(0, 200));
  }
}

/** The first moment after `after`; null when none is to come. */
export function nextFire(schedule: Schedule, after: Date, isExcluded: IsExcluded): Date | null {
  if (schedule.kind === "once") {
    const at = new Date(schedule.at);
    return at > after ? at : null;
  }
  const startsAt = schedule.startsAt === undefined ? null : new Date(schedule.startsAt);
  const endsAt = schedule.endsAt === undefined ? null : new Date(schedule.endsAt);
  const following = followingOf(schedule, startsAt);
  const dayOf = dayIn(schedule.timeZone);
  let from = startsAt !== null && startsAt > after ? new Date(startsAt.getTime() - 1) : after;
  for (let step = 0; step < stepsMax; step++) {
    const next = following(from);
    if (next === null || (endsAt !== null && next > endsAt)) return null;
    if (!isExcluded(dayOf(next))) return next;
    from = next;
  }
  return null;
}

/** The next so many, for people to look at. */
export function nextFires(schedule: Schedule, after: Date, isExcluded: IsExcluded, count: number): Date[] {
  const fires: Date[] = [];
  for (let from = after; fires.length < count; ) {
    const next = nextFire(schedule, from, isExcluded);
    if (next === null) break;
    fires.push(next);
    from = next;
  }
  return fires;
}

function followingOf(schedule: Exclude<Schedule, { kind: "once" }>, startsAt: Date | null): (from: Date) => Date | null {
  if (schedule.kind === "cron") {
    const cron = new Cron(schedule.expression, { timezone: schedule.timeZone, paused: true });
    return (from) => cron.nextRun(from);
  }
  // Even steps from its start, or from the epoch: what is due does not depend on when the hub was started.
  const everyMs = schedule.everySeconds * 1_000;
  const origin = startsAt?.getTime() ?? 0;
  return (from) => new Date(origin + (Math.floor((from.getTime() - origin) / everyMs) + 1) * everyMs);
}

/** Making a format takes a millisecond, using one a microsecond. Bounded by the zones of the IANA database. */
const formats = new Map<string, Intl.DateTimeFormat>();

function dayIn(timeZone: string): (moment: Date) => string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    formats.set(timeZone, format);
  }
  const known = format;
  return (moment) => known.format(moment);
}

const wrong = (what: string) =>
  new HubError("bad-input", `The request is not right: schedule: ${what}.`, { facts: { fields: `schedule: ${what}` } });

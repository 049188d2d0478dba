// A task's schedule while somebody writes it.
import type { Schedule } from "@sallyport/hub/tasks/input";
import { builderOf, type CronBuilder, expressionOf, nightly } from "./cron-builder.ts";
import { clockTime, momentOf } from "./zone-time.ts";

export const scheduleKinds = ["none", "cron", "interval", "once"] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
export const units = { minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof units;

export interface ScheduleDraft {
  kind: ScheduleKind;
  cron: CronBuilder;
  every: string;
  unit: Unit;
  /** As inputs of the kind datetime-local have them, without a zone: `at` in the reader's own, the others in `timeZone`. */
  at: string;
  startsAt: string;
  endsAt: string;
  timeZone: string;
  calendarIds: readonly string[];
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function scheduleDraftOf(schedule: Schedule | null): ScheduleDraft {
  const draft: ScheduleDraft = {
    kind: schedule?.kind ?? "none",
    cron: nightly,
    every: "1",
    unit: "hours",
    at: "",
    startsAt: "",
    endsAt: "",
    timeZone: ownZone(),
    calendarIds: [],
  };
  if (schedule === null) return draft;
  if (schedule.kind === "once") return { ...draft, at: clockTime(schedule.at, ownZone()) };
  const { timeZone, calendarIds, startsAt, endsAt } = schedule;
  const limits = { timeZone, calendarIds, startsAt: clockTime(startsAt, timeZone), endsAt: clockTime(endsAt, timeZone) };
  if (schedule.kind === "cron") return { ...draft, ...limits, cron: builderOf(schedule.expression) };
  const { everySeconds } = schedule;
  const unit: Unit = everySeconds % units.days === 0 ? "days" : everySeconds % units.hours === 0 ? "hours" : "minutes";
  return { ...draft, ...limits, unit, every: String(everySeconds / units[unit]) };
}

/** What is sent; the hub says whether it ever comes. */
export function scheduleOf(draft: ScheduleDraft) {
  const { kind, timeZone } = draft;
  if (kind === "none") return null;
  if (kind === "once") return { kind, at: momentOf(draft.at, ownZone()) ?? "" };
  const startsAt = momentOf(draft.startsAt, timeZone);
  const endsAt = momentOf(draft.endsAt, timeZone);
  const limits = {
    timeZone,
    calendarIds: [...draft.calendarIds],
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
  if (kind === "cron") return { kind, expression: expressionOf(draft.cron), ...limits };
  return { kind, everySeconds: Math.round(Number(draft.every) * units[draft.unit]), ...limits };
}

// What the clocks of a zone show, and back: inputs of the kind datetime-local know no zone.

/** `2026-10-25T02:30`, to the minute; nothing for no moment. */
export function clockTime(moment: string | undefined, timeZone: string): string {
  return moment === undefined ? "" : shown(Date.parse(moment), timeZone);
}

/**
 * ISO 8601 in UTC; undefined for a text that is no time. Of the two moments that a clock shows when it is set back, the first; a time that it leaves out
 * when it is set forward is as much later.
 */
export function momentOf(text: string, timeZone: string): string | undefined {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // A zone is set forward or back by an hour or so: before and after it there are two answers at most.
  const [before, after] = [asUtc - dayMs, asUtc + dayMs].map((at) => asUtc - aheadMs(at, timeZone));
  const fitting = [before, after].find((at) => at !== undefined && asUtc - aheadMs(at, timeZone) === at);
  return new Date(fitting ?? before ?? asUtc).toISOString();
}

const dayMs = 86_400_000;

/** How far the zone's clocks are ahead of UTC then. */
const aheadMs = (at: number, timeZone: string): number =>
  Date.parse(`${shown(at, timeZone)}Z`) - Math.floor(at / 60_000) * 60_000;

function shown(at: number, timeZone: string): string {
  const numeric = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const parts = new Intl.DateTimeFormat("en", { timeZone, hourCycle: "h23", ...numeric }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

// The schedules that most people mean, by their fields; everything else is written as a cron expression. Pure.

export type Repeat = "hourly" | "daily" | "weekly" | "monthly" | "cron";
export const repeats: readonly Repeat[] = ["hourly", "daily", "weekly", "monthly", "cron"];

export interface CronBuilder {
  repeat: Repeat;
  minute: number;
  hour: number;
  /** 1 is Monday, 7 is Sunday; of `weekly`. */
  weekdays: readonly number[];
  /** Of `monthly`; months without it are left out. */
  day: number;
  /** Of `cron`. */
  expression: string;
}

export const nightly: CronBuilder = { repeat: "daily", minute: 0, hour: 2, weekdays: [1], day: 1, expression: "" };

export function expressionOf({ repeat, minute, hour, weekdays, day, expression }: CronBuilder): string {
  switch (repeat) {
    case "hourly":
      return `${minute} * * * *`;
    case "daily":
      return `${minute} ${hour} * * *`;
    case "weekly":
      return `${minute} ${hour} * * ${weekdays.join(",")}`;
    case "monthly":
      return `${minute} ${hour} ${day} * *`;
    case "cron":
      return expression.trim();
  }
}

const within = (text: string | undefined, least: number, most: number): number | null => {
  const value = /^\d{1,2}$/.test(text ?? "") ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
};

/** The fields that make this expression, where there are such; the expression itself where there are none. */
export function builderOf(expression: string): CronBuilder {
  const written: CronBuilder = { ...nightly, repeat: "cron", expression };
  const [first, second, dayOfMonth, month, dayOfWeek, ...more] = expression.trim().split(/\s+/);
  const minute = within(first, 0, 59);
  const hour = within(second, 0, 23);
  if (minute === null || month !== "*" || dayOfWeek === undefined || more.length > 0) return written;
  const every = { ...nightly, minute };
  if (second === "*" && dayOfMonth === "*" && dayOfWeek === "*") return { ...every, repeat: "hourly" };
  if (hour === null) return written;
  if (dayOfMonth === "*" && dayOfWeek === "*") return { ...every, hour, repeat: "daily" };
  const day = within(dayOfMonth, 1, 31);
  if (day !== null && dayOfWeek === "*") return { ...every, hour, day, repeat: "monthly" };
  const weekdays = dayOfWeek.split(",").map((one) => within(one, 1, 7));
  if (dayOfMonth === "*" && weekdays.every((one) => one !== null)) return { ...every, hour, weekdays, repeat: "weekly" };
  return written;
}

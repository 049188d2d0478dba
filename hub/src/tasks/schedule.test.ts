// When tasks are due: by the wall clock of their zone, through both changes of the clock in two zones, and what is left out.
import { describe, expect, test } from "vitest";
import { type Schedule, schedule as scheduleInput } from "./input.ts";
import { planFires } from "./plan-fires.ts";
import { checkSchedule, nextFire, nextFires } from "./schedule.ts";

const cron = (expression: string, timeZone: string, more: object = {}): Schedule =>
  scheduleInput.parse({ kind: "cron", expression, timeZone, ...more });
const due = (schedule: Schedule, from: string, count: number, excluded: (day: string) => boolean = () => false) =>
  nextFires(schedule, new Date(from), excluded, count).map((at) => at.toISOString());

describe("when summer time begins", () => {
  test("a time that is skipped is due when the clock has jumped, once", () => {
    expect(due(cron("30 2 * * *", "Europe/Berlin"), "2026-03-27T12:00:00Z", 3)).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    expect(due(cron("30 2 * * *", "America/New_York"), "2026-03-06T12:00:00Z", 3)).toEqual([
      "2026-03-07T07:30:00.000Z",
      "2026-03-08T07:00:00.000Z",
      "2026-03-09T06:30:00.000Z",
    ]);
  });

  test("what repeats within the hour goes on in even steps", () => {
    expect(due(cron("*/30 * * * *", "Europe/Berlin"), "2026-03-29T00:15:00Z", 3)).toEqual([
      "2026-03-29T00:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-29T01:30:00.000Z",
    ]);
  });
});

describe("when summer time ends", () => {
  test("a time that comes twice is due the first time only", () => {
    expect(due(cron("0 30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
    expect(due(cron("30 1 * * *", "America/New_York"), "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30:00.000Z",
      "2026-11-02T06:30:00.000Z",
    ]);
  });

  test("what repeats within the hour goes on in even steps through both", () => {
    const found = nextFires(cron("*/30 * * * *", "Europe/Berlin"), new Date("2026-10-24T23:45:00Z"), () => false, 8);
    expect(found.map((at, n) => at.getTime() - (found[n - 1]?.getTime() ?? at.getTime() - 1_800_000))).toEqual(
      Array.from({ length: 8 }, () => 1_800_000),
    );
  });
});

describe("a schedule", () => {
  test("leaves out the days of its calendars, by its own zone's days", () => {
    const everyDay = cron("0 1 * * *", "Asia/Shanghai");
    const holiday = (day: string) => day === "2026-12-25";
    expect(due(everyDay, "2026-12-23T12:00:00Z", 2, holiday)).toEqual(["2026-12-23T17:00:00.000Z", "2026-12-25T17:00:00.000Z"]);
    expect(nextFire(everyDay, new Date("2026-12-23T12:00:00Z"), () => true)).toBeNull();
  });

  test("has nothing before its start and after its end", () => {
    const limited = cron("0 0 * * *", "UTC", { startsAt: "2026-12-24T00:00:00Z", endsAt: "2026-12-25T00:00:00Z" });
    expect(due(limited, "2026-11-21T00:00:00Z", 9)).toEqual(["2026-12-24T00:00:00.000Z", "2026-12-25T00:00:00.000Z"]);
  });

  test("by interval comes in even steps, whenever the hub was started", () => {
    const every = scheduleInput.parse({ kind: "interval", everySeconds: 3_600 });
    expect(due(every, "2026-11-21T10:17:03Z", 2)).toEqual(["2026-11-21T11:00:00.000Z", "2026-11-21T12:00:00.000Z"]);
    const from = scheduleInput.parse({ kind: "interval", everySeconds: 90, startsAt: "2026-11-21T10:00:10Z" });
    expect(due(from, "2026-11-21T09:00:00Z", 2)).toEqual(["2026-11-21T10:00:10.000Z", "2026-11-21T10:01:40.000Z"]);
  });

  test("of one moment comes once", () => {
    const once = scheduleInput.parse({ kind: "once", at: "2026-12-24T18:00:00+01:00" });
    expect(due(once, "2026-11-21T00:00:00Z", 3)).toEqual(["2026-12-24T17:00:00.000Z"]);
    expect(nextFire(once, new Date("2026-12-24T17:00:00Z"), () => false)).toBeNull();
  });

  test.each([
    ["four fields", "* * * *"],
    ["seven fields", "* * * * * * *"],
    ["a nickname", "@daily"],
    ["a minute that is none", "61 * * * *"],
    ["words", "a b c d e"],
    ["a day that never comes", "0 0 31 2 *"],
    ["nothing but a star", "*"],
  ])("of %s is refused with a sentence", (_, expression) => {
    expect(() => checkSchedule(cron(expression, "UTC"), new Date("2026-11-21T00:00:00Z"))).toThrow(
      /^The request is not right: schedule: ./,
    );
  });

  test.each(["Mars/Olympus", "+02:00", "", "Europe/Berlin\0", "../etc/passwd"])("in the zone %j is refused", (timeZone) => {
    expect(scheduleInput.safeParse({ kind: "cron", expression: "* * * * *", timeZone }).success).toBe(false);
  });

  test("that is over or turned round is refused", () => {
    const now = new Date("2026-11-21T00:00:00Z");
    expect(() => checkSchedule(scheduleInput.parse({ kind: "once", at: "2026-11-20T00:00:00Z" }), now)).toThrow(/never comes/);
    const turned = cron("* * * * *", "UTC", { startsAt: "2027-01-02T00:00:00Z", endsAt: "2027-01-01T00:00:00Z" });
    expect(() => checkSchedule(turned, now)).toThrow(/ends before/);
  });
});

describe("moments that were slept through", () => {
  const hourly = cron("0 * * * *", "UTC");
  const following = (after: Date) => nextFire(hourly, after, () => false);
  const at = (text: string) => new Date(`2026-11-21T${text}Z`);
  const times = (dates: Date[]) => dates.map((date) => date.toISOString().slice(11, 16));

  test("are run once for all, left, or each run, as the policy says; every one of them is accounted for", () => {
    const [due, now] = [at("01:00:00"), at("05:30:00")];
    const once = planFires("fire_once_now", due, now, following);
    expect([times(once.run), times(once.missed), once.next]).toEqual([
      ["05:00"],
      ["01:00", "02:00", "03:00", "04:00"],
      at("06:00:00"),
    ]);
    const nothing = planFires("do_nothing", due, now, following);
    expect([times(nothing.run), times(nothing.missed)]).toEqual([[], ["01:00", "02:00", "03:00", "04:00", "05:00"]]);
    const all = planFires("ignore", due, now, following);
    expect([times(all.run), times(all.missed)]).toEqual([["01:00", "02:00", "03:00", "04:00", "05:00"], []]);
  });

  test("within a minute are not missed", () => {
    expect(planFires("do_nothing", at("01:00:00"), at("01:01:00"), following)).toMatchObject({
      run: [at("01:00:00")],
      missed: [],
    });
    expect(planFires("do_nothing", at("01:00:00"), at("01:01:00.001"), following)).toMatchObject({
      run: [],
      missed: [at("01:00:00")],
    });
  });

  test("of a task by the second that slept for a day are bounded, and counted", () => {
    const seconds = (after: Date) => new Date(after.getTime() + 1_000);
    const plan = planFires("ignore", at("00:00:00"), at("23:00:00"), seconds);
    expect(plan.run.length).toBe(10);
    expect(plan.missed.length).toBe(100);
    expect(plan.more).toBeGreaterThan(1_800);
    expect(plan.next).toEqual(at("23:00:01"));
  });
});

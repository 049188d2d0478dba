import { expect, test } from "vitest";
import { clockTime, momentOf } from "./zone-time.ts";

test.each([
  ["2026-11-21T21:38", "UTC", "2026-11-21T21:38:00.000Z"],
  ["2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00:00.000Z"],
  ["2026-07-01T00:15", "Asia/Kathmandu", "2026-06-30T18:30:00.000Z"],
  ["2026-01-01T00:00", "Pacific/Kiritimati", "2025-12-31T10:00:00.000Z"],
  // Set back at 3: 2:30 comes twice, and the first is meant. An hour later there is no doubt any more.
  ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25T03:30", "Europe/Berlin", "2026-10-25T02:30:00.000Z"],
  ["2026-11-01T00:30", "America/New_York", "2026-11-01T04:30:00.000Z"],
])("%s in %s is %s, and back", (text, timeZone, moment) => {
  expect(momentOf(text, timeZone)).toBe(moment);
  expect(clockTime(moment, timeZone)).toBe(text);
});

test("a time that the clocks leave out is as much later, and what is no time is none", () => {
  expect(clockTime(momentOf("2026-03-29T02:30", "Europe/Berlin"), "Europe/Berlin")).toBe("2026-03-29T03:30");
  expect([momentOf("", "UTC"), momentOf("2026-13-01T00:00", "UTC"), clockTime(undefined, "UTC")]).toEqual([
    undefined,
    undefined,
    "",
  ]);
});

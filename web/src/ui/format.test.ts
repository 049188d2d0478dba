import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "../i18n/en.ts";
import { formatBytes, formatClock, formatDuration, formatRelative, formatRoundTrip } from "./format.ts";

beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: en } } });
});

test("bytes have a binary unit and at most one decimal", () => {
  expect([0, 1023, 1024, 1536, 150 * 1024, 5 * 1024 ** 4].map((n) => formatBytes(n, "en"))).toEqual([
    "0 B",
    "1,023 B",
    "1 KiB",
    "1.5 KiB",
    "150 KiB",
    "5 TiB",
  ]);
});

test("a duration names its two largest units", () => {
  const read = (ms: number) => formatDuration(ms, i18next.t);
  expect([840, 3_250, 42_000, 250_000, 7_500_000, 273_600_000].map(read)).toEqual([
    "840 ms",
    "3.2 s",
    "42 s",
    "4 min 10 s",
    "2 h 5 min",
    "3 d 4 h",
  ]);
  expect([60_000, 3_600_000, 3_630_000, 172_800_000].map(read)).toEqual(["1 min", "1 h", "1 h", "2 d"]);
});

test("a round trip below a millisecond is in microseconds", () => {
  expect([820, 12_400, 140_000].map(formatRoundTrip)).toEqual(["820 µs", "12.4 ms", "140 ms"]);
});

test("a recording's clock shows hours only when there are any", () => {
  expect([7_000, 750_000, 3_723_000].map(formatClock)).toEqual(["0:07", "12:30", "1:02:03"]);
});

test("moments within half a minute have no number", () => {
  expect(formatRelative(0, 20_000, "en")).toBeNull();
  expect(formatRelative(0, 180_000, "en")).toBe("3 min. ago");
});

// Order statistics and the verdict on goals.
import { expect, test } from "vitest";
import { median, percentile } from "./statistics.ts";
import { beside, standing } from "./table.ts";

test("percentiles are samples that were really measured", () => {
  const samples = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect(percentile(samples, 0.5)).toBe(50);
  expect(percentile(samples, 0.99)).toBe(99);
  expect(median([3])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});

test("a row says its goal in words and whether it is met", () => {
  expect(beside({ name: "echo", unit: "µs", value: 300 }, "ssh -J", 400, { most: 0.85 })).toMatchObject({
    ratio: 0.75,
    goal: "≤ 0.85×",
    met: true,
  });
  expect(standing({ name: "output", unit: "MB/s", value: 40 }, { least: 60 })).toMatchObject({
    goal: "≥ 60 MB/s",
    met: false,
    peer: null,
  });
  expect(standing({ name: "connect", unit: "ms", value: 4 })).toMatchObject({ goal: null, met: null });
});

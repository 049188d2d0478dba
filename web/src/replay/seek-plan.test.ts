import fc from "fast-check";
import { expect, test } from "vitest";
import { planSeek, type ReplaySegment } from "./seek-plan.ts";

const KiB = 1024;
/** `count` segments of 256 KiB, one second each. */
const segments = (count: number): ReplaySegment[] =>
  Array.from({ length: count }, (_, n) => ({
    n,
    fromMs: n * 1000,
    toMs: (n + 1) * 1000,
    fromOffset: n * 256 * KiB,
    toOffset: (n + 1) * 256 * KiB,
    bytes: 256 * KiB,
  }));

test("the last keyframe before the moment is drawn first, and reading begins in its segment", () => {
  const keyframes = [
    { offset: 300 * KiB, atMs: 1200 },
    { offset: 700 * KiB, atMs: 2800 },
    { offset: 900 * KiB, atMs: 3600 },
  ];
  expect(planSeek({ segments: segments(10), keyframes }, 3_000)).toEqual({
    keyframeOffset: 700 * KiB,
    fromOffset: 700 * KiB,
    firstSegment: 2,
  });
});

test("a keyframe more than 1 MiB back is not used", () => {
  const plan = planSeek({ segments: segments(40), keyframes: [{ offset: 0, atMs: 0 }] }, 30_500);
  expect(plan.keyframeOffset).toBeNull();
});

test("without a keyframe at most 512 KiB are drawn on an empty screen", () => {
  const plan = planSeek({ segments: segments(40), keyframes: [] }, 30_500);
  expect(plan).toEqual({ keyframeOffset: null, fromOffset: 29 * 256 * KiB, firstSegment: 29 });
});

test("near the beginning everything is drawn from the start", () => {
  expect(planSeek({ segments: segments(40), keyframes: [] }, 2_100)).toEqual({
    keyframeOffset: null,
    fromOffset: 0,
    firstSegment: 0,
  });
});

test("an empty recording needs nothing", () => {
  expect(planSeek({ segments: [], keyframes: [] }, 5_000)).toEqual({ keyframeOffset: null, fromOffset: 0, firstSegment: 0 });
});

test("no seek draws from after its moment, or reads more than about a megabyte", () => {
  const keyframe = fc.record({ offset: fc.nat(40 * 256 * KiB), atMs: fc.constant(0) });
  fc.assert(
    fc.property(fc.nat(39_999), fc.array(keyframe, { maxLength: 20 }), (toMs, found) => {
      const all = segments(40);
      const keyframes = found
        .map(({ offset }) => ({ offset, atMs: offset / 256 / KiB / 0.001 }))
        .toSorted((a, b) => a.offset - b.offset);
      const plan = planSeek({ segments: all, keyframes }, toMs);
      const end = all[Math.floor(toMs / 1000)]?.toOffset ?? 0;
      return plan.fromOffset <= end && end - plan.fromOffset <= 1024 * KiB;
    }),
  );
});

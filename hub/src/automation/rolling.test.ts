// Rolling runs, by their rules alone: a small machine lets go, ends and fails what the rules say, and what it did is looked at.
import { describe, expect, test } from "vitest";
import { type Rolling, rolling } from "./input.ts";
import { nextStep, type Progress } from "./rolling.ts";

const start = (total: number): Progress => ({
  total,
  held: total,
  active: 0,
  ended: 0,
  errors: 0,
  releasedInMinute: 0,
  canaryPassed: false,
  toleratedErrors: 0,
});
const of = (fields: object): Rolling => rolling.parse(fields);

/** Lets go what may go, then ends one execution at a time; `fails` says which, by the order of ending. */
function play(rules: Rolling, total: number, fails: (nth: number) => boolean = () => false) {
  const progress = start(total);
  const sizes: number[] = [];
  let most = 0;
  for (;;) {
    const step = nextStep(rules, progress);
    if (step.kind !== "release") return { end: step.kind, sizes, most, progress };
    progress.held -= step.count;
    progress.active += step.count;
    if (step.count > 0) sizes.push(step.count);
    most = Math.max(most, progress.active);
    if (progress.active === 0) return { end: progress.held === 0 ? "done" : "stuck", sizes, most, progress };
    progress.active--;
    if (fails(progress.ended)) progress.errors++;
    progress.ended++;
  }
}

describe("a rolling run", () => {
  test("with a window has never more at once, and gets to its end", () => {
    expect(play(of({ window: { kind: "count", value: 7 } }), 100)).toMatchObject({ end: "done", most: 7 });
    expect(play(of({ window: { kind: "percent", value: 10 } }), 95)).toMatchObject({ end: "done", most: 10 });
    expect(play(of({ window: { kind: "percent", value: 1 } }), 5)).toMatchObject({ end: "done", most: 1 });
  });

  test("in batches begins the next when the last has ended", () => {
    expect(play(of({ batch: { kind: "count", value: 30 } }), 100)).toMatchObject({ end: "done", sizes: [30, 30, 30, 10] });
    const both = play(of({ batch: { kind: "count", value: 4 }, window: { kind: "count", value: 3 } }), 8);
    expect(both).toMatchObject({ end: "done", most: 3, sizes: [3, 1, 3, 1] });
  });

  test("lets its canaries go alone, then waits for a person", () => {
    const rules = of({ canary: { kind: "count", value: 2 }, pauseAfterCanary: true });
    const paused = play(rules, 10);
    expect(paused).toMatchObject({ end: "pause", sizes: [2], progress: { ended: 2, held: 8 } });
    expect(nextStep(rules, { ...paused.progress, canaryPassed: true })).toEqual({ kind: "release", count: 8 });
    expect(play(of({ canary: { kind: "count", value: 2 } }), 10)).toMatchObject({ end: "done", sizes: [2, 8] });
    expect(play(of({ canary: { kind: "count", value: 20 }, pauseAfterCanary: true }), 10)).toMatchObject({
      end: "done",
      sizes: [10],
    });
  });

  test("halts with more failures than it bears, not before so many have ended, and goes on from those somebody has seen", () => {
    const rules = of({ window: { kind: "count", value: 1 }, maxErrors: { kind: "count", value: 2 } });
    const halted = play(rules, 50, () => true);
    expect(halted).toMatchObject({ end: "halt", progress: { errors: 3, ended: 3, held: 47 } });
    expect(nextStep(rules, { ...halted.progress, toleratedErrors: 3 })).toEqual({ kind: "release", count: 1 });
    expect(nextStep(rules, { ...halted.progress, errors: 6, ended: 6, held: 44, toleratedErrors: 3 })).toEqual({ kind: "halt" });
    const first = { kind: "count" as const, value: 0 };
    expect(play(of({ window: { kind: "count", value: 1 }, maxErrors: first }), 9, (n) => n === 4)).toMatchObject({
      end: "halt",
      progress: { ended: 5 },
    });
    const late = of({ window: { kind: "count", value: 1 }, maxErrors: { kind: "percent", value: 50 }, minExecuted: 10 });
    expect(play(late, 50, (n) => n < 6)).toMatchObject({ end: "halt", progress: { ended: 10, errors: 6 } });
    expect(play(late, 50, (n) => n < 5)).toMatchObject({ end: "done" });
  });

  test("at a pace lets no more go in a minute", () => {
    const rules = of({ perMinute: 20 });
    expect(nextStep(rules, start(100))).toEqual({ kind: "release", count: 20 });
    const after = { ...start(100), held: 80, active: 20, releasedInMinute: 20 };
    expect(nextStep(rules, after)).toEqual({ kind: "release", count: 0 });
    expect(nextStep(rules, { ...after, releasedInMinute: 5 })).toEqual({ kind: "release", count: 15 });
  });

  test("with nothing said goes all at once", () => {
    expect(play(of({}), 10_000)).toMatchObject({ end: "done", sizes: [10_000] });
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffFirstMs, backoffMostMs, backoffMs } from "./backoff.ts";

test("the ceiling starts at 0.3 s, doubles and never passes 10 s", () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => backoffMs(attempt, 0.999999));
  expect(ceilings).toEqual([300, 600, 1200, 2400, 4800, 9600, 10000, 10000]);
});

test("every wait lies between nothing and the ceiling of its attempt", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (attempt, random) => {
      const wait = backoffMs(attempt, random);
      return wait >= 0 && wait <= backoffMostMs && wait <= backoffFirstMs * 2 ** attempt;
    }),
  );
});

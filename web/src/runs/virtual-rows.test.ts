import fc from "fast-check";
import { expect, test } from "vitest";
import { rowsInView, scrollTopFor } from "./virtual-rows.tsx";

test("a million rows draw no more than a screen and its margins", () => {
  fc.assert(
    fc.property(fc.nat(8_000_000), (scrollTop) => {
      const { first, last } = rowsInView(scrollTop, 600, 1_000_000, 18);
      return first >= 0 && last <= 1_000_000 && last - first <= 34 + 26;
    }),
  );
});

test("the first and the last of a million rows can be reached", () => {
  expect(rowsInView(0, 600, 1_000_000, 18).first).toBe(0);
  expect(rowsInView(8_000_000 - 600, 600, 1_000_000, 18).last).toBe(1_000_000);
});

test("scrolling to a row brings that row into view", () => {
  fc.assert(
    fc.property(fc.nat(999_999), (row) => {
      const { first, last } = rowsInView(scrollTopFor(row, 600, 1_000_000, 18), 600, 1_000_000, 18);
      return first <= row && row < last;
    }),
  );
});

import { expect, test } from "vitest";
import { builderOf, expressionOf } from "./cron-builder.ts";

test.each(["5 * * * *", "30 2 * * *", "0 9 * * 1,3,5", "15 4 31 * *", "*/10 * * * *", "0 0 12 * * 1", "0 9 * * 0", "@daily"])(
  "%s means the same after it was in the fields",
  (expression) => expect(expressionOf(builderOf(expression))).toBe(expression),
);

test("what the fields cannot say is left to be written", () => {
  expect(["*/10 * * * *", "0 9-17 * * *", "0 0 1 1 *", "61 * * * *"].map((one) => builderOf(one).repeat)).toEqual([
    "cron",
    "cron",
    "cron",
    "cron",
  ]);
});

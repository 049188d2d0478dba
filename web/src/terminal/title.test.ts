import { expect, test } from "vitest";
import { cleanTitle, titleLengthMax } from "./title.ts";

test("a title keeps at most 128 characters", () => {
  expect(cleanTitle("x".repeat(10_000))).toHaveLength(titleLengthMax);
});

test("a title cannot carry controls or reorder the text beside it", () => {
  expect(cleanTitle(" root@db\u0007\u202eecho ")).toBe("root@db\ufffd\ufffdecho");
});

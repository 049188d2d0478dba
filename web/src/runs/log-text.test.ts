import { expect, test } from "vitest";
import { rowText } from "./log-text.ts";

const shown = (text: string) => rowText(new TextEncoder().encode(text));

test("colour codes, titles and cursor moves leave no trace", () => {
  expect(shown("\u001b[1;31merror\u001b[0m: \u001b]0;title\u0007no\u001b[2Kpe")).toBe("error: nope");
});

test("a line redrawn with carriage returns shows its last state", () => {
  expect(shown("10%\r50%\r100%")).toBe("100%");
});

test("what is left of controls is visible instead of obeyed", () => {
  expect(shown("a\u202eb\u0000c")).toBe("a\ufffdb\ufffdc");
});

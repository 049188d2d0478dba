import { expect, test } from "vitest";
import { asksBeforePasting, cleanPaste } from "./paste.ts";

test("pasted text cannot end bracketed paste: escape and C1 controls are removed", () => {
  expect(cleanPaste("ls\u001b[201~\rrm -rf /\u009b201~")).toBe("ls[201~\rrm -rf /201~");
});

test("pasted text cannot press Ctrl-C, Ctrl-D or delete", () => {
  expect(cleanPaste("a\u0003b\u0004c\u007fd\u0000")).toBe("abcd");
});

test("tabs, line ends and letters of any script are kept", () => {
  const text = "if x:\r\n\tprint('你好 🚀')\n";
  expect(cleanPaste(text)).toBe(text);
});

test("a paste of several lines asks first, also when it is one line with its Enter", () => {
  expect(asksBeforePasting("one")).toBe(false);
  expect(asksBeforePasting("one\n")).toBe(true);
  expect(asksBeforePasting("one\rtwo")).toBe(true);
});

import { expect, test } from "vitest";
import { displayLines, displayText } from "./display-text.ts";

test("a right-to-left override in a host name is shown as a replacement mark, not obeyed", () => {
  expect(displayText("web-\u202egpj.exe")).toBe("web-\ufffdgpj.exe");
});

test("escape, newline, zero-width and tag characters cannot reach the screen", () => {
  expect(displayText("a\u001b[31mb\nc\u200bd\u{e0041}e")).toBe("a\ufffd[31mb\ufffdc\ufffdd\ufffde");
});

test("ordinary text of any script passes unchanged", () => {
  expect(displayText("生产环境 web-01 — café 🚀")).toBe("生产环境 web-01 — café 🚀");
});

test("text longer than the limit is cut and says so", () => {
  expect(displayText("x".repeat(5000))).toHaveLength(1024);
  expect(displayText("abcdef", 4)).toBe("abc…");
});

test("lines that a person wrote stay lines, and nothing else of what deceives does", () => {
  expect(displayLines("first\nsecond \u202eline\r")).toBe("first\nsecond \ufffdline\ufffd");
  expect(displayLines("abc\ndef", 5)).toBe("abc\n…");
});

import { expect, test } from "vitest";
import { isReport } from "./reports.ts";

test.each([
  ["cursor position", "\x1b[24;80R"],
  ["extended cursor position", "\x1b[?24;80R"],
  ["device attributes", "\x1b[?1;2c"],
  ["secondary device attributes", "\x1b[>0;276;0c"],
  ["status", "\x1b[0n"],
  ["mode", "\x1b[?2026;2$y"],
  ["window", "\x1b[8;24;80t"],
  ["focus in", "\x1b[I"],
  ["focus out", "\x1b[O"],
  ["mouse", "\x1b[<0;10;20M"],
  ["mouse of old", "\x1b[M !!"],
  ["colour", "\x1b]11;rgb:0000/0000/0000\x1b\\"],
  ["setting", "\x1bP1$r0m\x1b\\"],
  ["two at once", "\x1b[?1;2c\x1b[0n"],
])("%s is the terminal's own word", (_, text) => expect(isReport(text)).toBe(true));

test.each([
  ["a letter", "a"],
  ["a line", "ls -l\r"],
  ["a character of two bytes", "é"],
  ["Ctrl-C", "\x03"],
  ["escape alone", "\x1b"],
  ["an arrow", "\x1b[A"],
  ["an arrow with Ctrl", "\x1b[1;5C"],
  ["an arrow of an application", "\x1bOA"],
  ["F5", "\x1b[15~"],
  ["Alt and a letter", "\x1bb"],
  ["a paste", "\x1b[200~rm -i x\x1b[201~"],
  ["Shift and Tab", "\x1b[Z"],
])("%s is typed", (_, text) => expect(isReport(text)).toBe(false));

import fc from "fast-check";
import { expect, test } from "vitest";
import { LineIndex } from "./line-index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const rows = (index: LineIndex) => Array.from({ length: index.rowCount }, (_, row) => new TextDecoder().decode(index.row(row)));

test("rows are the lines that were printed, however the bytes arrived", () => {
  const line = fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, "_"));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.array(fc.nat(400), { maxLength: 10 }), (lines, cuts) => {
      const all = bytes(`${lines.join("\n")}\n`);
      const index = new LineIndex();
      const at = [0, ...cuts.map((cut) => Math.min(cut, all.length)).toSorted((a, b) => a - b), all.length];
      for (const [part, end] of at.slice(1).entries()) index.append(all.subarray(at[part] ?? 0, end));
      expect(rows(index)).toEqual(lines);
      expect(index.lineCount).toBe(lines.length);
    }),
  );
});

test("the last line is a row before its line end has come", () => {
  const index = new LineIndex();
  index.append(bytes("one\ntw"));
  expect(rows(index)).toEqual(["one", "tw"]);
  index.append(bytes("o\n"));
  expect(rows(index)).toEqual(["one", "two"]);
});

test("a carriage return before the line end is not part of the row", () => {
  const index = new LineIndex();
  index.append(bytes("one\r\ntwo\r\n"));
  expect(rows(index)).toEqual(["one", "two"]);
});

test("a wrapped line becomes several rows but counts as one line", () => {
  const index = new LineIndex(4);
  index.append(bytes("abcdefghij\nk\n"));
  expect(rows(index)).toEqual(["abcd", "efgh", "ij", "k"]);
  expect(index.lineCount).toBe(2);
});

test("a row never begins inside a character", () => {
  const index = new LineIndex(4);
  index.append(bytes("你好吗"));
  expect(rows(index)).toEqual(["你", "好", "吗"]);
});

test("changing the width keeps every byte", () => {
  const index = new LineIndex();
  const text = `${"x".repeat(300_000)}\nend\n`;
  index.append(bytes(text));
  const narrow = new LineIndex(100);
  while (narrow.takeFrom(index));
  expect(narrow.byteLength).toBe(text.length);
  expect(rows(narrow).join("")).toBe(text.replaceAll("\n", ""));
});

test("a million lines are indexed and read at random without being decoded", () => {
  const index = new LineIndex();
  const block = bytes(
    Array.from({ length: 10_000 }, (_, line) => `line ${line} of this block`)
      .join("\n")
      .concat("\n"),
  );
  for (let part = 0; part < 100; part += 1) index.append(block);
  expect(index.lineCount).toBe(1_000_000);
  expect(new TextDecoder().decode(index.row(765_432))).toBe("line 5432 of this block");
});

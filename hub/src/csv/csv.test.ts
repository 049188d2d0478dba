import { expect, test } from "vitest";
import { csvRowsMax } from "./input.ts";
import { RowErrors, readCsv } from "./read-csv.ts";
import { csvLine } from "./write-csv.ts";

const columns = { all: ["name", "email"], required: ["name"] };
const read = (text: string) => {
  const errors = new RowErrors();
  const rows = readCsv(text, columns, errors);
  const { errors: found } = errors.report(rows.length, { applied: false, created: 0, changed: 0, unchanged: 0 });
  return {
    rows: rows.map(({ line, fields }) => [line, ...fields.values()]),
    errors: found.map(({ line, field, code }) => [line, field, code]),
  };
};

test("rows are read with or without a byte order mark, in any order of columns, with line ends inside quotes", () => {
  const text = 'Email , NAME\r\na@b.c,"Ada\r\nLovelace"\r\n\r\n,"say ""hi"", you"\n';
  const rows = [
    [2, "a@b.c", "Ada\nLovelace"],
    [5, "", 'say "hi", you'],
  ];
  expect(read(text)).toEqual({ rows, errors: [] });
  expect(read(`\ufeff${text}`)).toEqual({ rows, errors: [] });
});

test("what is wrong with a file is said with its line", () => {
  expect(read("")).toMatchObject({ errors: [[1, null, "missing-column"]] });
  expect(read("name,colour\nx,red")).toMatchObject({ errors: [[1, "colour", "unknown-column"]] });
  expect(read("name,name\nx,y")).toMatchObject({ errors: [[1, "name", "twice"]] });
  expect(read("email\nx")).toMatchObject({ errors: [[1, "name", "missing-column"]] });
  expect(read("name\nJos\ufffd")).toMatchObject({ errors: [[1, null, "not-utf8"]] });
  expect(read('name,email\na,b\nc,"d')).toMatchObject({ rows: [], errors: [[3, null, "not-csv"]] });
  expect(read("name\nLovelace, Ada")).toMatchObject({ errors: [[2, null, "not-csv"]] });
});

test("a file may hold ten thousand rows and not one more", () => {
  const rows = `name\n${"x\n".repeat(csvRowsMax)}`;
  expect(read(rows).rows).toHaveLength(csvRowsMax);
  expect(read(`${rows}x\n`)).toEqual({ rows: [], errors: [[csvRowsMax + 2, null, "too-many-rows"]] });
});

test("what would run in a spreadsheet is written as text, and read again as it was", () => {
  for (const text of [
    "=1+1",
    "+49 30",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\r=x",
    " =x",
    "＝1",
    "'=already",
    "plain",
    'with "quotes", too',
  ]) {
    const line = csvLine([text]);
    expect(line, text).not.toMatch(/^"?\s*[=+\-@\t\r＝]/);
    expect(read(`name\r\n${line}`).rows[0]?.[1], text).toBe(text.trim());
  }
});

// A file of rows, read whole before anything is done with it. Says of each thing that is wrong where it stands and what to do.
import { CsvError, parse } from "csv-parse/sync";
import { HubError } from "../platform/errors.ts";
import { csvBytesMax, csvRowsMax, type ImportReport, type RowError, type RowProblem } from "./input.ts";
import { withoutGuard } from "./write-csv.ts";

/** Longer cells are refused by every field there is. */
const recordLettersMax = 100_000;
/** More than anybody reads; what is wrong with the rest is seen after these are put right. */
const errorsMax = 1_000;
const shownMax = 80;

/** fields: only those of columns that the file has, without spaces around; what a cell does not say is "". */
export type Row = { line: number; fields: Map<string, string> };

/** What is wrong with the rows of one file. */
export class RowErrors {
  readonly #kept: RowError[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(line: number, field: string | null, code: RowProblem, value: string, message: string): void {
    this.#total++;
    if (this.#kept.length < errorsMax) this.#kept.push({ line, field, code, value: value.slice(0, shownMax), message });
  }

  report(rows: number, counts: Pick<ImportReport, "applied" | "created" | "changed" | "unchanged">): ImportReport {
    return { ...counts, rows, errors: this.#kept, errorsTotal: this.#total };
  }
}

/**
 * UTF-8 with or without a byte order mark, commas, quotes as in RFC 4180; empty lines do not count.
 * @throws HubError `too-large`.
 */
export function readCsv(
  text: string,
  columns: { all: readonly string[]; required: readonly string[] },
  errors: RowErrors,
): Row[] {
  if (Buffer.byteLength(text) > csvBytesMax)
    throw new HubError("too-large", `The file is larger than ${csvBytesMax} bytes. Split it.`, { facts: { most: csvBytesMax } });
  if (text.includes("\ufffd")) {
    errors.add(1, null, "not-utf8", "", "Some letters are not UTF-8. Save the file as CSV UTF-8.");
    return [];
  }
  const records = parseRecords(text.replace(/\r\n?/g, "\n"), errors);
  const [head, ...rest] = records;
  if (head === undefined) {
    if (errors.total === 0)
      errors.add(1, null, "missing-column", "", `The file is empty. It needs the columns ${columns.required.join(", ")}.`);
    return [];
  }
  const names = head.cells.map((cell) => cell.trim().toLowerCase());
  checkHead(names, columns, errors);
  if (errors.total > 0) return [];
  return rest.flatMap(({ line, cells }) => {
    if (cells.every((cell) => cell.trim() === "")) return [];
    if (cells.length > names.length) {
      errors.add(
        line,
        null,
        "not-csv",
        cells[names.length] ?? "",
        `There are more cells than columns. Put text with commas into quotes.`,
      );
      return [];
    }
    return [{ line, fields: new Map(names.map((name, n) => [name, withoutGuard((cells[n] ?? "").trim()).trim()])) }];
  });
}

type Record = { line: number; cells: string[] };

function parseRecords(text: string, errors: RowErrors): Record[] {
  const records: Record[] = [];
  let ended = 0;
  try {
    parse(text, {
      bom: true,
      record_delimiter: "\n",
      relax_column_count: true,
      max_record_size: recordLettersMax,
      to: csvRowsMax + 2,
      on_record: (cells: string[], { lines }) => {
        // A cell may hold line ends: a row begins after the end of the row before.
        records.push({ line: ended + 1, cells });
        ended = lines;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    errors.add(
      ended + 1,
      null,
      "not-csv",
      "",
      "The row cannot be read: look for a quote that is not closed, or stands inside a cell.",
    );
    return [];
  }
  if (records.length <= csvRowsMax + 1) return records;
  errors.add(csvRowsMax + 2, null, "too-many-rows", "", `A file may hold ${csvRowsMax} rows. Split it.`);
  return [];
}

function checkHead(
  names: readonly string[],
  { all, required }: { all: readonly string[]; required: readonly string[] },
  errors: RowErrors,
): void {
  for (const [n, name] of names.entries()) {
    if (!all.includes(name)) errors.add(1, name, "unknown-column", name, `There is no such column. There are ${all.join(", ")}.`);
    else if (names.indexOf(name) !== n) errors.add(1, name, "twice", name, "The column is there twice. Keep one.");
  }
  for (const name of required)
    if (!names.includes(name))
      errors.add(1, name, "missing-column", "", `The column is needed. The first line names the columns.`);
}

/** The names in a cell that holds several. */
export const listOf = (cell: string): string[] => [
  ...new Set(
    cell
      .split(";")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  ),
];

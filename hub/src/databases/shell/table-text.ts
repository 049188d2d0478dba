// An answer as lines for a terminal. Everything in it is the server's word: it is shown, never obeyed. Pure.
import stringWidth from "string-width";
import type { Answer } from "../session.ts";

/** Wider cells are cut; all of one is shown by `\G`. */
const cellWidthMax = 80;
const blockBytesMax = 16_384;

/** Control characters and changes of direction as their pictures or code points: one that reached the terminal would be obeyed by it. */
export const plain = (text: string): string =>
  text
    .replace(/\n/g, "↵")
    .replace(/\t/g, "→")
    .replace(
      /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
      (one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );

const shown = (cell: string | null): string => (cell === null ? "NULL" : cut(plain(cell)));

function cut(text: string): string {
  // A character is at most two cells wide: what is this short need not be measured.
  if (text.length <= cellWidthMax / 2 || stringWidth(text) <= cellWidthMax) return text;
  let width = 0;
  let kept = "";
  for (const character of text) {
    width += stringWidth(character);
    if (width >= cellWidthMax) break;
    kept += character;
  }
  return `${kept}…`;
}

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - stringWidth(text)));

/** As both clients draw it, with a line above, below and under the names. */
export function tableLines({ columns, rows }: Pick<Answer, "columns" | "rows">): string[] {
  const names = columns.map((name) => cut(plain(name)));
  const cells = rows.map((row) => row.map(shown));
  const widths = names.map((name, n) =>
    cells.reduce((most, row) => Math.max(most, stringWidth(row[n] ?? "")), stringWidth(name)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const line = (row: readonly string[]): string => `| ${widths.map((width, n) => padded(row[n] ?? "", width)).join(" | ")} |`;
  return [rule, line(names), rule, ...cells.map(line), rule];
}

/** Each row as a block of lines. */
export function blockLines({ columns, rows }: Pick<Answer, "columns" | "rows">): string[] {
  const names = columns.map((name) => cut(plain(name)));
  const width = names.reduce((most, name) => Math.max(most, stringWidth(name)), 0);
  return rows.flatMap((row, n) => [
    `${"*".repeat(20)} ${n + 1} ${"*".repeat(20)}`,
    ...names.map((name, column) => {
      const cell = row[column];
      const text = cell === null || cell === undefined ? "NULL" : plain(cell.slice(0, blockBytesMax));
      return `${" ".repeat(width - stringWidth(name))}${name}: ${text}${(cell?.length ?? 0) > blockBytesMax ? "…" : ""}`;
    }),
  ]);
}

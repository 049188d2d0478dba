// CSV for spreadsheets (RFC 4180): which run what looks like a formula, wherever it came from.

/** Without it spreadsheets take UTF-8 for something else. */
export const byteOrderMark = "\ufeff";

export type Cell = string | number | null;

/** One line, with its end. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cellOf).join(",")}\r\n`;

const formula = /^\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * A leading =, +, -, @, tab or line's end would make it a formula; an apostrophe before it makes it text. Fullwidth forms count too, which
 * some spreadsheets read as the plain ones.
 */
function cellOf(value: Cell): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && wantsGuard(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What looks guarded already is guarded again, so that reading gives back what was written. */
const wantsGuard = (text: string): boolean => formula.test(text.replace(/^'+/, ""));

/** What a cell said before it was written by {@link csvLine}. */
export const withoutGuard = (text: string): string => (text.startsWith("'") && wantsGuard(text) ? text.slice(1) : text);

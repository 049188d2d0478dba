// One message, whoever reads it where: a renderer for each channel makes the rest of it. Pure. Names and output in it come from people, agents and
// targets, and are hostile: clean() is where they become one line of text, and each renderer takes away what its channel would obey.
import type { Language } from "./input.ts";

export type Severity = "info" | "success" | "warning" | "critical";

export type Message = {
  language: Language;
  severity: Severity;
  title: string;
  /** One sentence, or nothing. */
  summary: string;
  facts: { name: string; value: string }[];
  /** `more`: rows that are not shown. */
  table: { rows: string[][]; more: number } | null;
  link: { text: string; url: string } | null;
};

/** Readers look at ten and open the page for the rest. */
export const rowsMax = 10;
/** What fits a telephone's screen; in UTF-16 units, before any channel's own limit. */
const titleMax = 150;
const valueMax = 300;
const cellMax = 120;
const factsMax = 20;

/** What is cut ends so. */
export const mark = "…";

/** How long a text is, in what a channel counts. */
export type Measure = (text: string) => number;
export const utf8Bytes: Measure = (text) => Buffer.byteLength(text);
/** As it stands in JSON, without the quotes. */
export const jsonBytes: Measure = (text) => Buffer.byteLength(JSON.stringify(text)) - 2;
export const characters: Measure = (text) => text.length;

/** The text, or as many whole code points of it as fit with the mark behind them. */
export function cutTo(text: string, most: number, measure: Measure): string {
  if (measure(text) <= most) return text;
  let left = most - measure(mark);
  if (left < 0) return "";
  let taken = "";
  for (const point of text) {
    left -= measure(point);
    if (left < 0) break;
    taken += point;
  }
  return taken + mark;
}

/** Invisible characters that turn the direction of a line, hide in it, or carry a second text (tags). */
const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Text of others as one line without control characters. */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    .replace(invisible, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();

/** Reading programs make links of addresses by themselves: no reader shall follow one that a host's output brought along. */
export const unlinked = (text: string): string => text.replaceAll("://", "：//").replace(/\bwww\./gi, "www．");

/** Cleaned and within what people read. */
export function compose(message: Message): Message {
  const short = (text: string, most: number) => cutTo(clean(text), most, characters);
  const rows = message.table?.rows ?? [];
  return {
    ...message,
    title: short(message.title, titleMax),
    summary: short(message.summary, valueMax),
    facts: message.facts
      .slice(0, factsMax)
      .map(({ name, value }) => ({ name, value: short(value, valueMax) }))
      .filter(({ value }) => value !== ""),
    table:
      message.table === null
        ? null
        : {
            rows: rows.slice(0, rowsMax).map((row) => row.map((cell) => short(cell, cellMax))),
            more: message.table.more + Math.max(0, rows.length - rowsMax),
          },
  };
}

/** Every text of others in it through one function; our own link stays. */
export const mapTexts = (message: Message, change: (text: string) => string): Message => ({
  ...message,
  title: change(message.title),
  summary: change(message.summary),
  facts: message.facts.map(({ name, value }) => ({ name, value: change(value) })),
  table: message.table === null ? null : { ...message.table, rows: message.table.rows.map((row) => row.map(change)) },
});

/** "and 3 more" */
export const andMore = (language: Language, more: number): string => (language === "zh" ? `还有 ${more} 条` : `and ${more} more`);

/** A row of the table on one line. */
export const rowLine = (row: string[]): string => row.filter((cell) => cell !== "").join(" · ");

/** A fact that does not fit at least this far is left out. */
const leastValue = 24;

/**
 * What fits into a channel's limit: title and link always, then the summary, facts and rows in their order. What is cut ends with the mark, and rows
 * that are left out are counted.
 *
 * @param most of the whole, in the channel's measure. @param each what a fact or a row costs besides its text.
 */
export function fitted(message: Message, { most, each, measure }: { most: number; each: number; measure: Measure }): Message {
  const { link, table } = message;
  const title = cutTo(message.title, Math.floor(most / 4), measure);
  let left = most - each * 4 - measure(title) - (link === null ? 0 : measure(link.text) + measure(link.url));
  const summary = cutTo(message.summary, Math.max(0, Math.min(left, Math.floor(most / 4))), measure);
  left -= measure(summary);
  const facts: Message["facts"] = [];
  for (const { name, value } of message.facts) {
    const room = left - each - measure(name);
    if (room < Math.min(leastValue, measure(value))) break;
    const fact = { name, value: cutTo(value, room, measure) };
    facts.push(fact);
    left = room - measure(fact.value);
  }
  if (facts.length < message.facts.length) facts.push({ name: mark, value: "" }); // of the four that are set aside
  if (table === null) return { ...message, title, summary, facts };
  const rows: string[][] = [];
  for (const row of table.rows) {
    const cost = each + measure(rowLine(row));
    if (cost > left) break;
    rows.push(row);
    left -= cost;
  }
  return { ...message, title, summary, facts, table: { rows, more: table.more + table.rows.length - rows.length } };
}

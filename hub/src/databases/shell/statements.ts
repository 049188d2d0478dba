// Finds the end of a statement in what was typed, as mysql and psql do: a semicolon that is in no text, name or comment. Pure.
import type { Dialect } from "../dialect.ts";

/** `vertical`: each row is shown as a block of lines, which `\G` asks for. */
export type Statement = { text: string; vertical: boolean };

/** What is open where the text ends; the prompt says so. */
export type Open = "" | "'" | '"' | "`" | "/*" | "$";

/** The first statement and what follows it; null when none is complete yet, with what is open. */
export function takeStatement(
  dialect: Dialect,
  typed: string,
): { statement: Statement; rest: string } | { statement: null; open: Open } {
  let at = 0;
  while (at < typed.length) {
    const skipped = skip(dialect, typed, at);
    if (skipped !== null) {
      if (skipped.end === null) return { statement: null, open: skipped.open };
      at = skipped.end;
      continue;
    }
    if (typed[at] === ";") return ended(typed, at, at + 1, false);
    if (typed.startsWith("\\G", at)) return ended(typed, at, at + 2, true);
    if (typed.startsWith("\\g", at)) return ended(typed, at, at + 2, false);
    at += 1;
  }
  return { statement: null, open: "" };
}

const ended = (typed: string, to: number, from: number, vertical: boolean) => ({
  statement: { text: typed.slice(0, to).trim(), vertical },
  rest: typed.slice(from),
});

/** A text, name or comment that begins here, and where it ends; null: none does. */
function skip(dialect: Dialect, typed: string, at: number): { end: number; open: Open } | { end: null; open: Open } | null {
  const character = typed[at] ?? "";
  if (character === "'" || character === '"' || (character === "`" && dialect === "mysql")) {
    // PostgreSQL reads backslashes only in texts that begin with E.
    const escapes = dialect === "mysql" ? character !== "`" : character === "'" && /[eE]/.test(typed[at - 1] ?? "");
    return quoted(typed, at, character, escapes);
  }
  if (typed.startsWith("/*", at)) {
    const end = typed.indexOf("*/", at + 2);
    return { end: end < 0 ? null : end + 2, open: "/*" };
  }
  // MySQL wants white space behind its two dashes.
  const isLine = dialect === "mysql" ? /^(--(\s|$)|#)/.test(typed.slice(at, at + 3)) : typed.startsWith("--", at);
  if (isLine) {
    const end = typed.indexOf("\n", at);
    return { end: end < 0 ? typed.length : end + 1, open: "" };
  }
  const tag =
    dialect === "postgresql"
      ? /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(typed.slice(at, at + 65))?.[0]
      : undefined;
  if (tag === undefined || /[\w$]/.test(typed[at - 1] ?? "")) return null;
  const end = typed.indexOf(tag, at + tag.length);
  return { end: end < 0 ? null : end + tag.length, open: "$" };
}

function quoted(typed: string, at: number, quote: "'" | '"' | "`", escapes: boolean): { end: number | null; open: Open } {
  for (let n = at + 1; n < typed.length; n++) {
    if (escapes && typed[n] === "\\") n += 1;
    else if (typed[n] === quote && typed[n + 1] === quote) n += 1;
    else if (typed[n] === quote) return { end: n + 1, open: quote };
  }
  return { end: null, open: quote };
}

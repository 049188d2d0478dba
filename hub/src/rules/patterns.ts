// Does a line match a pattern? Pure, and in time that grows with the line alone, whatever a pattern says: RE2 never goes back.
//
// A line is looked at as it stands, and once more as a shell would read its words: without quotes and backslashes, `$IFS` as a space. That finds what is
// spelled differently by habit; whoever means to get past it does, see docs/decisions/0025.
import { RE2JS } from "re2js";
import { HubError } from "../platform/errors.ts";
import type { Pattern } from "./input.ts";

/** Compiling costs more than matching. Bounded by what is kept: patterns of rules. */
const compiledMax = 2_000;
const compiled = new Map<string, RE2JS>();

/** Not inside of a longer word or option: `rm` is neither `farm` nor `rm-all`. A path before it is fine: /bin/rm. */
const wordBegins = "(?:^|[^\\w-])";
const wordEnds = "(?:$|[^\\w-])";

/** @throws HubError `bad-input` naming the pattern that no expression can be made of. */
export function compile({ kind, text }: Pattern): RE2JS {
  const key = `${kind} ${text}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const words = text.split(/\s+/).map((word) => RE2JS.quote(word));
  try {
    const made = RE2JS.compile(
      kind === "regex" ? text : `${wordBegins}${words.join("\\s+")}${wordEnds}`,
      RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL,
    );
    if (compiled.size >= compiledMax) compiled.clear();
    compiled.set(key, made);
    return made;
  } catch {
    throw new HubError(
      "bad-input",
      `"${text}" is no regular expression that RE2 knows: it has no look-around and no back references.`,
      {
        facts: { fields: "patterns", pattern: text },
      },
    );
  }
}

/** The first of them that the line matches. */
export function firstMatch(patterns: readonly Pattern[], line: string): Pattern | null {
  const readings = [...new Set([line, asShellReads(line)])];
  return (
    patterns.find((one) => {
      const expression = compile(one);
      return readings.some((reading) => expression.matcher(reading).find());
    }) ?? null
  );
}

const asShellReads = (line: string): string =>
  line
    .replace(/\$\{?IFS\}?/g, " ")
    .replace(/\\\n/g, "")
    .replace(/['"\\]/g, "")
    .replace(/\s+/g, " ");

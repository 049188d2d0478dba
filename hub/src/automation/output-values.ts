// Which parts of an output are values: numbers, times, addresses, long hexadecimal words, and the host's own names. With them folded, two hosts that
// do the same say the same. Pure. Works on Latin-1 text of the bytes, so that any bytes are text of the same length.

/** A shorter name would be found within other words. */
const nameLettersMin = 3;

/**
 * @param hostNames under which the host is known; with a domain also without it.
 * @returns a function that folds values, and the blanks with which tables are kept straight around them.
 */
export function valueFolder(hostNames: readonly string[]): (text: string) => string {
  const names = new Set(
    hostNames.flatMap((name) => [name, name.split(".")[0] ?? ""]).map((name) => Buffer.from(name).toString("latin1")),
  );
  const words = [...names]
    .filter((name) => name.length >= nameLettersMin && /[a-z]/i.test(name))
    .sort((a, b) => b.length - a.length) // the whole name before its first part
    .map((name) => `(?<![\\w-])${name.replace(/[^A-Za-z0-9]/g, (letter) => `\\x${hex(letter)}`)}(?![\\w-])`);
  const values = new RegExp(` ?(?:${[...words, "\\b(?=[a-f]*\\d)[0-9a-f]{8,}\\b", "\\d+(?:[.,:]\\d+)*"].join("|")})`, "gi");
  // Blanks first: a value with any number of them before it would be looked for from each of them.
  return (text) => text.replace(/[ \t\r]+/g, " ").replace(values, "#");
}

const hex = (letter: string): string => letter.charCodeAt(0).toString(16).padStart(2, "0");

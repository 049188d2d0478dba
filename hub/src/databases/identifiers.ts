// How names are written into statements. The only place that quotes: databases offer no parameters for names. Pure.
import { HubError } from "../platform/errors.ts";
import type { Dialect } from "./dialect.ts";

/** Longer ones exist in neither: MySQL takes 64 characters, PostgreSQL 63 bytes unless it was built otherwise. */
const nameBytesMax = 256;

/** @throws HubError `bad-input` for an empty name, one that is too long, and one with NUL, which ends a text in both protocols. */
export function quoteName(dialect: Dialect, name: string): string {
  assertName(name);
  return dialect === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
}

/**
 * A database in a GRANT of MySQL, which reads `_` and `%` there as patterns: `shop_1` would mean `shopX1` as well.
 *
 * @throws HubError as {@link quoteName}.
 */
export function quoteGrantedDatabase(name: string): string {
  assertName(name);
  return `\`${name.replaceAll("`", "``").replace(/[\\_%]/g, (character) => `\\${character}`)}\``;
}

/**
 * What the server's catalogue calls a database that was granted by {@link quoteGrantedDatabase}, as it is. Null for a pattern that means several.
 */
export function grantedDatabaseOf(pattern: string): string | null {
  if (/(?<!\\)(?:\\\\)*[_%]/.test(pattern)) return null;
  return pattern.replace(/\\([\\_%])/g, "$1");
}

/** Text in single quotes that holds nothing to escape: our own names and secrets, made so. @throws Error for anything else. */
export function quoteOwnText(text: string): string {
  if (!/^[A-Za-z0-9_.+=%:$/-]*$/.test(text)) throw new Error("text that was not made here is not written into a statement");
  return `'${text}'`;
}

function assertName(name: string): void {
  if (name !== "" && !name.includes("\0") && name.isWellFormed() && Buffer.byteLength(name) <= nameBytesMax) return;
  throw new HubError("bad-input", "That is no name of a database, schema or table.");
}

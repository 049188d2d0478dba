// A row of script output as text that can be shown: colour codes are dropped, tabs widened, everything else neutralised.
import { displayText } from "../ui/display-text.ts";

/** CSI, OSC and the two-byte escapes (ECMA-48 §5); output meant for a terminal is full of them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;

const decoder = new TextDecoder();

export const rowText = (bytes: Uint8Array): string => displayText(rowWords(decoder.decode(bytes)), 8192);

/** Without what a terminal would obey; still to be shown by displayText(). */
export function rowWords(row: string): string {
  const text = row.replace(escapes, "");
  // A progress bar redraws its line with carriage returns: what stands last is what a terminal would show.
  return text.slice(text.lastIndexOf("\r") + 1).replaceAll("\t", "    ");
}

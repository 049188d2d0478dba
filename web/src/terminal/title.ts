// A window title is text chosen by the far end (OSC 0 and 2): shown short and without anything that could mislead.
import { displayText } from "../ui/display-text.ts";

export const titleLengthMax = 128;

export function cleanTitle(title: string): string {
  return displayText(title.trim(), titleLengthMax);
}

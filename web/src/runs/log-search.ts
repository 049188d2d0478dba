// Finds the rows that contain some words, a slice at a time so that the page stays alive over a million rows.
import type { LineIndex } from "./line-index.ts";
import { rowText } from "./log-text.ts";

/** Half a frame: leaves the other half to scrolling. */
const sliceMs = 8;

/** More matches than anybody steps through. */
const matchesMost = 10_000;

export async function findRows(index: LineIndex, words: string, signal: AbortSignal): Promise<number[]> {
  const wanted = words.toLowerCase();
  const found: number[] = [];
  let sliceEnd = performance.now() + sliceMs;
  for (let row = 0; row < index.rowCount && found.length < matchesMost; row += 1) {
    if (rowText(index.row(row)).toLowerCase().includes(wanted)) found.push(row);
    if (row % 256 !== 0 || performance.now() < sliceEnd) continue;
    await new Promise((resume) => setTimeout(resume));
    if (signal.aborted) return found;
    sliceEnd = performance.now() + sliceMs;
  }
  return found;
}

// How far a bulk stream may run ahead of whoever takes its bytes. Pure.
//
//   alone on its link      what a fast line carries in a round trip, so that a long path is full
//   beside a terminal      twice what this line did carry in a round trip: enough to keep it busy, and an echo waits behind
//                          about one round trip of bulk, however slow the line is
import { bulkWindowBytes, sharedWindowBytesMin, windowBytesMax } from "../limits.ts";

/** 320 Mbit/s: 4 MiB at 100 ms. A faster line at that distance is rare, and memory held for it is not. */
const fastBytesPerMs = 40 * 1024;

export function bulkWindow(path: { roundTripMs: number; bytesPerMs: number; besideTerminal: boolean }): number {
  const { roundTripMs, bytesPerMs, besideTerminal } = path;
  return besideTerminal
    ? clamp(2 * roundTripMs * bytesPerMs, sharedWindowBytesMin, bulkWindowBytes)
    : clamp(roundTripMs * fastBytesPerMs, bulkWindowBytes, windowBytesMax);
}

const clamp = (bytes: number, least: number, most: number): number => Math.round(Math.max(least, Math.min(most, bytes)));

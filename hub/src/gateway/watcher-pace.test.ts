import { viewerWindowBytes } from "@sallyport/protocol/terminal-socket";
import { expect, test } from "vitest";
import { WatcherPace } from "./watcher-pace.ts";

/** Sends all that is allowed over a line of this speed; returns what is allowed after so many round trips. */
function after(rounds: number, bytesPerSecond: number, roundTripMs = 1): number {
  const pace = new WatcherPace();
  let now = 0;
  for (let n = 0; n < rounds; n += 1) {
    const bytes = pace.room;
    pace.sent(bytes);
    expect(pace.ask(now)).toBe(true);
    expect(pace.ask(now)).toBe(false);
    now += roundTripMs + (bytes / bytesPerSecond) * 1_000;
    pace.answered(now);
  }
  return pace.room;
}

test("a watcher who reads a kilobyte a second has no more under way than two seconds' worth", () => {
  expect(after(3, 1_024)).toBe(2_048);
});

test("a watcher who keeps up gets the whole window after a few round trips, also over an ocean", () => {
  expect(after(7, 100_000_000)).toBe(viewerWindowBytes);
  expect(after(7, 100_000_000, 250)).toBe(viewerWindowBytes);
});

test("a quiet terminal's few bytes never slow its watcher", () => {
  const pace = new WatcherPace();
  for (let n = 0; n < 10_000; n += 1) {
    pace.sent(3);
    if (pace.ask(n * 1_000)) pace.answered(n * 1_000 + 5);
  }
  pace.sent(pace.room);
  pace.ask(0);
  pace.answered(5);
  expect(pace.room).toBeGreaterThanOrEqual(16 * 1024);
});

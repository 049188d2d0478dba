// The small decisions that need no hub: what was taken, when to try again, which way to go, what time it is there.
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Heartbeat } from "./heartbeat.ts";
import { HubClock } from "./hub-clock.ts";
import { reconnectDelayMs } from "./link/backoff.ts";
import { nextRoute } from "./link/routes.ts";
import { createLog, fileWriter } from "./log.ts";
import { SeenSequences } from "./orders/seen-sequences.ts";
import { capped } from "./run/result.ts";
import { dueNow, saidAt } from "./run/retry.ts";
import { isAlive, markOf } from "./state/process-mark.ts";
import { scratch } from "./testing/scratch.ts";

test("a sequence is taken once, in any order, over restarts, and for ever below the window", () => {
  const file = path.join(scratch(), "sequence");
  const seen = new SeenSequences(file);
  for (const sequence of [5, 3, 4]) {
    expect(seen.has(sequence)).toBe(false);
    seen.add(sequence);
  }
  expect(new SeenSequences(file).has(3)).toBe(true);
  expect(new SeenSequences(file).has(2)).toBe(false);
  fs.writeFileSync(file, JSON.stringify({ floor: 0, seen: Array.from({ length: 1_024 }, (_, n) => 10 + n * 2) }));
  const full = new SeenSequences(file);
  full.add(5_000);
  const later = new SeenSequences(file);
  expect(later.has(10)).toBe(true);
  expect(later.has(9)).toBe(true); // below the floor: nobody knows any more, so no
  expect(later.has(11)).toBe(false);
  expect(later.has(5_000)).toBe(true);
});

test("a damaged sequence file stops the agent instead of letting orders be replayed", () => {
  const file = path.join(scratch(), "sequence");
  fs.writeFileSync(file, '{"floor":');
  expect(() => new SeenSequences(file)).toThrow("replayed");
});

test("tries grow apart to two seconds with sessions and a minute without, and are spread over all of it", () => {
  expect(reconnectDelayMs(1, true, 0.999)).toBeLessThanOrEqual(1_000);
  expect(reconnectDelayMs(20, true, 0.999)).toBeGreaterThan(1_900);
  expect(reconnectDelayMs(20, true, 0.999)).toBeLessThanOrEqual(2_000);
  expect(reconnectDelayMs(20, false, 0.999)).toBeGreaterThan(59_000);
  expect(reconnectDelayMs(20, false, 0)).toBe(0);
});

test("MQTT's port is tried first, the web port after two failures, and what worked last before all", () => {
  const hub = { hubUrl: "https://hub.example", agentPort: 8444 };
  expect([0, 1, 2, 3, 4].map((failures) => nextRoute(hub, failures, null).transport)).toEqual([
    "mqtts",
    "mqtts",
    "wss",
    "mqtts",
    "wss",
  ]);
  expect([0, 1, 5, 6, 7].map((failures) => nextRoute(hub, failures, "mqtts").transport)).toEqual([
    "mqtts",
    "mqtts",
    "mqtts",
    "wss",
    "mqtts",
  ]);
  expect([0, 1, 2].map((failures) => nextRoute(hub, failures, "wss").transport)).toEqual(["wss", "mqtts", "wss"]);
  expect(nextRoute({ hubUrl: "https://[2001:db8::1]:8443", agentPort: 1 }, 2, null)).toEqual({
    transport: "wss",
    host: "2001:db8::1",
    port: 8_443,
  });
  expect(nextRoute(hub, 2, null).port).toBe(443);
});

test("the hub's time goes on by a clock nobody sets, and dates noted by a wrong clock are set right", () => {
  let monotonic = 1_000;
  let wall = 50_000_000;
  const clock = new HubClock(
    () => monotonic,
    () => wall,
  );
  clock.set(90_000_000);
  monotonic += 2_000;
  wall -= 10_000_000; // somebody set the clock back
  expect(clock.now()).toBe(90_002_000);
  expect(clock.fromWall(wall - 500)).toBe(90_001_500);
});

test("a result is said after one second, two, four, and then each minute", () => {
  const waits: number[] = [];
  let retry = dueNow;
  for (let n = 0; n < 9; n++) {
    retry = saidAt(retry, 0, 0);
    waits.push(retry.dueAt);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("a link without echoes is dropped after two and a half intervals", async () => {
  let silent = 0;
  let beats = 0;
  const heartbeat = new Heartbeat({ send: () => ++beats > 0, onSilence: () => silent++, onRoundTrip: () => {} });
  heartbeat.start(40);
  await expect.poll(() => silent).toBeGreaterThan(0);
  heartbeat.stop();
  expect(beats).toBeGreaterThanOrEqual(2);
  expect(beats).toBeLessThanOrEqual(4);
});

test("heartbeats follow the interval that the hub asks for", async () => {
  let beats = 0;
  const heartbeat = new Heartbeat({ send: () => ++beats > 0, onSilence: () => {}, onRoundTrip: () => {} });
  heartbeat.changeInterval(10); // not running: nothing to change
  heartbeat.start(60_000);
  heartbeat.changeInterval(20);
  await expect.poll(() => beats).toBeGreaterThan(3);
  heartbeat.changeInterval(60_000);
  const before = beats;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(beats).toBeLessThanOrEqual(before + 1);
  heartbeat.stop();
});

test("a process is known by its start, not by its number alone", () => {
  const mine = markOf(process.pid) ?? "";
  expect(isAlive(mine)).toBe(true);
  expect(isAlive(mine.replace(/ \d+ /, " 1 "))).toBe(false);
  expect(isAlive("")).toBe(false);
  expect(markOf(2 ** 22 + 1)).toBe(null);
});

test("a message is cut between characters", () => {
  const cut = capped("終".repeat(300));
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(512);
  expect(cut).toMatch(/^終+$/);
});

test("a log line stays one line, a flood is counted, and a file does not grow without end", () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => 0,
  );
  log.info("a\nb\u001b[2Jc");
  expect(lines[0]).toMatch(/info {2}a b \[2Jc\n$/);
  for (let n = 0; n < 500; n++) log.warn("again");
  expect(lines.length).toBe(101);
  const file = path.join(scratch(), "agent.log");
  const write = fileWriter(file);
  for (let n = 0; n < 60; n++) write("x".repeat(100_000));
  expect(fs.statSync(file).size + fs.statSync(`${file}.1`).size).toBeLessThan(11_000_000);
});

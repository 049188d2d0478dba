// Decoders against hostile bytes: 10,000 mutations each. Nothing may crash, hang or grow; a refusal is a WireError, RangeError or null.
import { expect, test } from "vitest";
import vectors from "../vectors/wire.json" with { type: "json" };
import { peekLinkToken } from "./link-token.ts";
import { decodeLogEvents } from "./log-events.ts";
import { MqttSlicer } from "./mqtt-slicer.ts";
import { decodeFrame } from "./stream/frame.ts";
import { decodeTerminalData } from "./terminal-socket.ts";
import { parseTopic } from "./topics.ts";
import { decodeDown, decodeOrder, decodeUp, WireError } from "./wire.ts";

const mutations = 10_000;

/** A small deterministic generator (mulberry32), so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function mutate(seed: Buffer, random: () => number): Buffer {
  const pick = (most: number) => Math.floor(random() * most);
  let bytes = Buffer.from(seed);
  for (let n = pick(4) + 1; n > 0; n--) {
    const at = pick(bytes.length + 1);
    switch (pick(6)) {
      case 0:
        if (bytes.length > 0) bytes[at % bytes.length] = pick(256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: pick(16) }, () => pick(256))),
          bytes.subarray(at),
        ]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from("ffffffffffffffffff7f", "hex"), bytes.subarray(at)]);
        break;
      case 4:
        if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << pick(8));
        break;
      default:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    }
  }
  return bytes;
}

/** Milliseconds that one call takes; a refusal of ours is an answer, anything else is a crash. */
function time(decode: () => unknown): number {
  const from = performance.now();
  try {
    decode();
  } catch (error) {
    if (!(error instanceof WireError) && !(error instanceof RangeError)) throw error;
  }
  return performance.now() - from;
}

const seeds = {
  frame: vectors.frames.map(({ bytes }) => bytes),
  up: vectors.up.map(({ bytes }) => bytes),
  down: vectors.down.map(({ bytes }) => bytes),
  order: [vectors.order.bytes],
  logEvent: vectors.logEvents.map(({ bytes }) => bytes),
  terminal: vectors.terminalData.map(({ bytes }) => bytes),
};

const decoders: [string, string[], (bytes: Buffer) => unknown][] = [
  ["frame", seeds.frame, decodeFrame],
  ["agent message", seeds.up, decodeUp],
  ["hub message", seeds.down, decodeDown],
  ["order", seeds.order, decodeOrder],
  ["log events", seeds.logEvent, decodeLogEvents],
  ["terminal data", seeds.terminal, decodeTerminalData],
  ["link token", [Buffer.from(vectors.linkToken.token).toString("hex")], (bytes) => peekLinkToken(bytes.toString("latin1"))],
  [
    "topic",
    vectors.topics.map(({ topic }) => Buffer.from(topic).toString("hex")),
    (bytes) => parseTopic(bytes.toString("latin1")),
  ],
  [
    "MQTT slicer",
    [vectors.publishHeader[0]?.bytes ?? "", `10${"0f"}00044d5154540402003c000361626364`],
    (bytes) => {
      const slicer = new MqttSlicer({ pass: () => {}, frame: () => {} }, { expectConnect: false });
      slicer.takeFrames("sp/agt_06gzr3x7mkme29fvyae612zb/dn/s");
      for (let at = 0; at < bytes.length; at += 7) if (slicer.push(bytes.subarray(at, at + 7)) !== null) return;
    },
  ],
];

test.each(decoders)("the %s decoder survives 10,000 mutated inputs", (_name, hexSeeds, decode) => {
  const random = generator(20_261_121);
  const before = process.memoryUsage().heapUsed;
  let slowestMs = 0;
  for (let n = 0; n < mutations; n++) {
    const input = mutate(Buffer.from(hexSeeds[n % hexSeeds.length] ?? "", "hex"), random);
    // A slow input is slow each time; a busy machine is not.
    let tookMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && tookMs > 50; tries++)
      tookMs = Math.min(
        tookMs,
        time(() => decode(input)),
      );
    slowestMs = Math.max(slowestMs, tookMs);
  }
  expect(slowestMs).toBeLessThan(100);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
});

// The stream layer as a whole: two ends, a link that cuts, and every byte once and in order.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bulkWindowBytes, inputWindowBytes, sharedWindowBytesMin, terminalWindowBytes, windowBytesMax } from "../limits.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";
import { Incoming } from "./incoming.ts";
import { StreamMux } from "./mux.ts";
import { Outgoing } from "./outgoing.ts";
import { Ring } from "./ring.ts";
import { StreamEnd, type StreamOwner } from "./stream-end.ts";
import { StreamFault } from "./stream-fault.ts";
import { bulkWindow } from "./window.ts";

const quiet: StreamOwner = { onData: () => {}, onEnd: () => {}, onRoom: () => {}, onResize: () => {}, onClose: () => {} };
const copy = (frame: Frame): Frame => {
  const { header, data } = encodeFrame(frame);
  return decodeFrame(Buffer.concat([header, data ?? new Uint8Array()]));
};

/** A sender and a receiver of one stream, and the frames between them. */
function pair({ ringBytes = 1_000_000, window = terminalWindowBytes, autoConsume = true } = {}) {
  const ring = new Ring(ringBytes);
  const outgoing = new Outgoing(0, ring, window);
  const incoming = new Incoming(0, window);
  const got: Buffer[] = [];
  const closings: string[] = [];
  const sender = new StreamEnd({ stream: 5, priority: "interactive", outgoing: [outgoing], incoming: [], owner: quiet });
  const receiver = new StreamEnd({
    stream: 5,
    priority: "interactive",
    outgoing: [],
    incoming: [incoming],
    owner: {
      ...quiet,
      onData: (_channel, data) => {
        got.push(Buffer.from(data));
        if (!autoConsume) return;
        incoming.consume(incoming.received);
        incoming.store(incoming.received);
      },
      onClose: ({ reason }) => closings.push(reason),
    },
  });
  const run = (drop: (frame: Frame) => boolean = () => false) => {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [from, to] of [
        [sender, receiver],
        [receiver, sender],
      ] as const) {
        for (let frame = from.take(true); frame !== null; frame = from.take(true)) {
          moved = true;
          if (!drop(frame)) to.receive(copy(frame));
        }
      }
    }
  };
  const relink = () => {
    outgoing.resumeAt(incoming.received, incoming.credit, incoming.durable);
    sender.relink();
    receiver.relink();
  };
  return { ring, outgoing, incoming, sender, receiver, run, relink, closings, received: () => Buffer.concat(got) };
}

test("every byte arrives once and in order, through any sequence of writes, losses and new links", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), data: fc.uint8Array({ minLength: 1, maxLength: 5_000 }) }),
    fc.record({ kind: fc.constant("cut" as const), after: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ kind: fc.constant("run" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const link = pair({ window: 8_192 });
      const written: Buffer[] = [];
      for (const one of steps) {
        if (one.kind === "write") {
          link.ring.append(one.data);
          written.push(Buffer.from(one.data));
        } else if (one.kind === "run") link.run();
        else {
          // The link dies after some frames: all later ones are lost, then a new link comes.
          let left = one.after;
          link.run(() => left-- <= 0);
          link.relink();
        }
      }
      link.outgoing.finish();
      link.sender.close({ exitCode: 0, reason: "exit" });
      link.run();
      expect(link.received()).toEqual(Buffer.concat(written));
      expect(link.incoming.complete).toBe(true);
      expect(link.closings).toEqual(["exit"]);
      expect(link.ring.end - link.ring.start).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("nothing is sent beyond the credit, and more comes only when bytes were consumed", () => {
  const link = pair({ window: 1_000, autoConsume: false });
  link.ring.append(Buffer.alloc(5_000, 1));
  link.run();
  expect(link.received().length).toBe(1_000);
  link.incoming.consume(1_000);
  link.run();
  expect(link.received().length).toBe(2_000);
});

test("the sender forgets only what the receiver has stored", () => {
  const link = pair({ autoConsume: false });
  link.ring.append(Buffer.alloc(3_000, 1));
  link.run();
  link.incoming.consume(3_000);
  link.run();
  expect(link.ring.start).toBe(0);
  link.incoming.store(2_000);
  link.run();
  expect(link.ring.start).toBe(2_000);
});

test("a gap is answered with one resume, and the bytes come again from there", () => {
  const incoming = new Incoming(0, 10_000);
  expect(incoming.accept(0, Buffer.from("abc")).length).toBe(3);
  expect(incoming.accept(5, Buffer.from("fgh")).length).toBe(0);
  expect(incoming.accept(8, Buffer.from("ijk")).length).toBe(0);
  expect(incoming.take()).toEqual({ kind: "resume", offset: 3 });
  expect(incoming.take()).toMatchObject({ kind: "ack" });
  expect(Buffer.from(incoming.accept(3, Buffer.from("defgh"))).toString()).toBe("defgh");
});

test.each([
  [
    "data beyond its credit",
    (link: ReturnType<typeof pair>) =>
      link.receiver.receive({ kind: "data", stream: 5, channel: 0, offset: terminalWindowBytes, data: Buffer.from("x") }),
    "over-credit",
  ],
  [
    "an acknowledgement of bytes never sent",
    (link: ReturnType<typeof pair>) =>
      link.sender.receive({ kind: "ack", stream: 5, channel: 0, offset: 9, credit: 9, durable: 0 }),
    "bad-offset",
  ],
  [
    "durable beyond received",
    (link: ReturnType<typeof pair>) =>
      link.sender.receive({ kind: "ack", stream: 5, channel: 0, offset: 0, credit: 9, durable: 1 }),
    "bad-offset",
  ],
  [
    "an absurd window",
    (link: ReturnType<typeof pair>) =>
      link.sender.receive({ kind: "ack", stream: 5, channel: 0, offset: 0, credit: windowBytesMax + 1, durable: 0 }),
    "bad-window",
  ],
  [
    "a resume of what does not exist",
    (link: ReturnType<typeof pair>) => link.sender.receive({ kind: "resume", stream: 5, channel: 0, offset: 10 }),
    "bad-offset",
  ],
  [
    "a channel the stream does not have",
    (link: ReturnType<typeof pair>) =>
      link.receiver.receive({ kind: "data", stream: 5, channel: 9, offset: 0, data: Buffer.from("x") }),
    "bad-channel",
  ],
])("%s is a fault with a code", (_name, act, code) => {
  const link = pair();
  expect(() => act(link)).toThrow(StreamFault);
  try {
    act(link);
  } catch (error) {
    expect(error).toMatchObject({ code });
  }
});

test("a peer that breaks one stream's rules loses that stream and no other", () => {
  const faults: string[] = [];
  const mux = new StreamMux({
    onFault: (_end, fault) => faults.push(fault.code),
    onStray: () => {},
    soon: (callback) => callback(),
  });
  const sent: Frame[] = [];
  const ends = [1, 2].map(
    (stream) =>
      new StreamEnd({
        stream,
        priority: "interactive",
        incoming: [new Incoming(0, inputWindowBytes)],
        outgoing: [],
        owner: quiet,
      }),
  );
  for (const end of ends) mux.add(end);
  mux.attach({ writable: () => true, write: (frame) => sent.push(frame) });
  mux.receive({ kind: "data", stream: 1, channel: 0, offset: 1_000_000, data: Buffer.from("x") });
  mux.receive({ kind: "data", stream: 2, channel: 0, offset: 0, data: Buffer.from("x") });
  mux.detach();
  expect(faults).toEqual(["over-credit"]);
  expect(sent).toContainEqual({ kind: "close", stream: 1, exitCode: null, reason: "over-credit" });
  expect(ends[1]?.incoming.get(0)?.received).toBe(1);
});

test("a keystroke goes before bulk that was ready first", () => {
  const sent: Frame[] = [];
  let room = false;
  const mux = new StreamMux({ onFault: () => {}, onStray: () => {}, soon: () => {} });
  const make = (stream: number, priority: "interactive" | "bulk", bytes: number) => {
    const ring = new Ring(1_000_000);
    ring.append(Buffer.alloc(bytes, stream));
    mux.add(new StreamEnd({ stream, priority, incoming: [], outgoing: [new Outgoing(0, ring, 1_000_000)], owner: quiet }));
  };
  mux.attach({ writable: () => room, write: (frame) => sent.push(frame) });
  make(1, "bulk", 300_000);
  make(2, "interactive", 1);
  room = true;
  mux.flush();
  mux.detach();
  expect(sent[0]).toMatchObject({ kind: "data", stream: 2 });
  expect(sent.slice(1).every((frame) => frame.stream === 1)).toBe(true);
});

test("a ring gives back what was put in, for any order of putting in and giving back, and refuses what it has not room for", {
  timeout: 30_000,
}, () => {
  const capacity = 40_000; // grows three times, and is no power of two
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ bytes: fc.nat(20_000), fill: fc.nat(255), release: fc.nat(20_000), max: fc.integer({ min: 1, max: 9_000 }) }),
      ),
      fc.nat(2 ** 40),
      (steps, from) => {
        const ring = new Ring(capacity, from);
        let held = Buffer.alloc(0);
        for (const { bytes, fill, release, max } of steps) {
          const part = Buffer.from(Array.from({ length: bytes }, (_, n) => (fill + n * 7) & 255));
          const taken = Math.min(bytes, capacity - held.length);
          expect(ring.append(part)).toBe(taken);
          held = Buffer.concat([held, part.subarray(0, taken)]);
          const given = Math.min(release, held.length);
          ring.release(ring.start + given);
          held = held.subarray(given);
          expect([ring.end - ring.start, ring.room]).toEqual([held.length, capacity - held.length]);
          const read: Buffer[] = [];
          for (let at = ring.start; at < ring.end; at += read.at(-1)?.length ?? 0) {
            const view = ring.read(at, max);
            expect(view.length).toBeGreaterThan(0);
            expect(view.length).toBeLessThanOrEqual(max);
            read.push(Buffer.from(view));
          }
          expect(Buffer.concat(read).equals(held)).toBe(true);
        }
      },
    ),
  );
  const small = new Ring(4);
  expect(small.append(Buffer.from("abcdef"))).toBe(4);
  expect(small.room).toBe(0);
});

test("a bulk window fills a long path, and shrinks to what the line carries while a terminal is open", () => {
  const path = { roundTripMs: 0.5, bytesPerMs: 0, besideTerminal: false };
  expect(bulkWindow(path)).toBe(bulkWindowBytes);
  expect(bulkWindow({ ...path, roundTripMs: 100 })).toBe(windowBytesMax - 96 * 1024);
  expect(bulkWindow({ ...path, roundTripMs: 5_000 })).toBe(windowBytesMax);
  expect(bulkWindow({ ...path, besideTerminal: true })).toBe(sharedWindowBytesMin);
  expect(bulkWindow({ roundTripMs: 100, bytesPerMs: 2_000, besideTerminal: true })).toBe(400_000); // 2 MB/s
  expect(bulkWindow({ roundTripMs: 100, bytesPerMs: 200_000, besideTerminal: true })).toBe(bulkWindowBytes);
});

test("opening a terminal holds back the bulk beside it, closing it lets it go on as before", () => {
  let now = 0;
  const mux = new StreamMux({ onFault: () => {}, onStray: () => {}, soon: () => {}, now: () => now });
  const half = new Incoming(0, bulkWindowBytes);
  mux.add(new StreamEnd({ stream: 1, priority: "bulk", incoming: [half], outgoing: [], owner: quiet }));
  mux.noteRoundTrip(100);
  const window = () => half.credit - half.received;
  const receive = (bytes: number) => {
    for (let left = bytes; left > 0; left -= 32_768)
      mux.receive({ kind: "data", stream: 1, channel: 0, offset: half.received, data: Buffer.alloc(Math.min(left, 32_768)) });
    half.consume(half.received);
  };
  expect(window()).toBe(windowBytesMax - 96 * 1024);
  mux.add(new StreamEnd({ stream: 2, priority: "interactive", incoming: [], outgoing: [], owner: quiet }));
  receive(4 * 1024 * 1024); // what was granted stays granted
  for (; now < 3_000; now += 50) receive(50 * 1_000); // a line of 1 MB/s
  expect(window()).toBeGreaterThan(150_000);
  expect(window()).toBeLessThan(250_000);
  mux.remove(2);
  expect(window()).toBe(windowBytesMax - 96 * 1024);
});

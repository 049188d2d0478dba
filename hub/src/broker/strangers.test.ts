// Connections without a credential: bounded in bytes, in time and in number, whatever they send.
import net from "node:net";
import { newId } from "@sallyport/protocol/ids";
import { connectDeadlineMs, connectPacketBytesMax } from "@sallyport/protocol/limits";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { connectPacket, packet, packetTypes, publishPacket, RawLink, subscribePacket } from "../testing/raw-link.ts";
import { TestBroker } from "../testing/test-broker.ts";

let bench: TestBroker;
beforeAll(async () => {
  bench = await TestBroker.start();
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Fixed header of a packet that claims so many bytes, and nothing of it. */
function announced(type: number, bytes: number): Buffer {
  const header = [type << 4];
  let rest = bytes;
  do {
    header.push(rest > 127 ? (rest % 128) | 128 : rest);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(header);
}

describe("a connection that has not signed in", () => {
  test.each([
    ["announces a CONNECT of 200 MB", announced(packetTypes.connect, 200_000_000)],
    ["announces a CONNECT one byte over the cap", announced(packetTypes.connect, connectPacketBytesMax - 2)],
    ["sends a length that never ends", Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff])],
    ["begins with a SUBSCRIBE", subscribePacket(1, [["#", 0]])],
    ["begins with a PUBLISH", publishPacket("sp/x/up", Buffer.from("x"))],
    ["begins with a PINGREQ", packet(packetTypes.pingreq, 0, Buffer.alloc(0))],
    ["speaks HTTP", Buffer.from("GET / HTTP/1.1\r\nhost: hub\r\n\r\n")],
  ])("and %s is closed at once, before anything more is taken", { retry: 2 }, async (_, bytes) => {
    const link = await RawLink.dial(bench.door);
    const from = performance.now();
    link.write(bytes);
    await link.whenClosed();
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(link.packets).toEqual([]);
  });

  test("and pours bytes in costs no memory, a hundred at a time", async () => {
    const before = process.memoryUsage().rss;
    const flood = Buffer.alloc(1024 * 1024);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const link = await RawLink.dial(bench.door);
        link.write(announced(packetTypes.connect, 200_000_000));
        // As much as the socket takes; it is the hub's end that has to give up.
        while (!link.closed) {
          link.write(flood.subarray(0, 64 * 1024));
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(link.tls.bytesWritten).toBeLessThan(8 * 1024 * 1024);
      }),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
    await eventually(
      () => bench.broker.connections,
      (open) => open === 0,
    );
  });

  test.concurrent.each([
    ["says nothing", (_: RawLink) => {}],
    ["says one byte", (link: RawLink) => link.write(Buffer.from([0x10]))],
    ["says half a CONNECT", (link: RawLink) => link.write(connectPacket({ clientId: newId("agt") }).subarray(0, 20))],
    [
      "drips a CONNECT byte by byte",
      (link: RawLink) => {
        const bytes = connectPacket({ clientId: newId("agt"), password: "x".repeat(500), username: "x" });
        let at = 0;
        const timer = setInterval(() => (link.closed ? clearInterval(timer) : link.write(bytes.subarray(at, ++at))), 100);
      },
    ],
  ])("and %s is closed when the time for a CONNECT is over", async (_, say) => {
    const link = await RawLink.dial(bench.door);
    const from = performance.now();
    say(link);
    await link.whenClosed(connectDeadlineMs + 3_000);
    const waited = performance.now() - from;
    expect(waited).toBeGreaterThan(connectDeadlineMs - 500);
    expect(waited).toBeLessThan(connectDeadlineMs + 1_500);
  });

  test.concurrent("and does not even speak TLS is closed after the time for a handshake", async () => {
    const socket = net.connect(bench.door.port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {});
    await closed;
  });
});

describe("a hub that counts strangers", () => {
  test("takes so many of one address and gives the places back", async () => {
    await using few = await TestBroker.start({ perAddressMax: 5 });
    const identity = await few.addAgent();
    const strangers = await Promise.all(Array.from({ length: 5 }, () => RawLink.dial(few.door)));
    let inside = false;
    const sixth = RawLink.dial(few.door).then((link) => {
      inside = true;
      return link;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(inside).toBe(false);
    // A place is for a connection that has not signed in: an agent gives its own back.
    const [first, ...others] = strangers;
    expect(await first?.signIn(identity)).toBe(0);
    const next = await sixth;
    for (const link of [...others, next]) link?.destroy();
    await eventually(
      () => few.broker.connections,
      (open) => open === 1,
    );
    const again = await Promise.all(Array.from({ length: 5 }, () => RawLink.dial(few.door)));
    for (const link of [...again, first]) link?.destroy();
  });

  test("gives a place back once, whoever asks twice", async () => {
    await using few = await TestBroker.start({ perAddressMax: 2 });
    const release = few.broker.reserve("192.0.2.1");
    release?.();
    release?.();
    expect(few.broker.reserve("192.0.2.1")).not.toBeNull();
    expect(few.broker.reserve("192.0.2.1")).not.toBeNull();
    expect(few.broker.reserve("192.0.2.1")).toBeNull();
    expect(few.broker.reserve("192.0.2.2")).not.toBeNull();
  });
});

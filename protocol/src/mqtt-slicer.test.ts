// The slicer, with bytes cut in every way.
import fc from "fast-check";
import { expect, test } from "vitest";
import { connectPacketBytesMax, framePacketBytesMax, packetBytesMax } from "./limits.ts";
import { encodePublishHeader, MqttSlicer } from "./mqtt-slicer.ts";

const prefix = "sp/agt_06gzr3x7mkme29fvyae612zb/up/s/";
const frame = (payload: string) =>
  Buffer.concat([encodePublishHeader(Buffer.from(`${prefix}h1`), payload.length), Buffer.from(payload)]);
const connect = Buffer.from("100c00044d5154540402003c0000", "hex");
const pingreq = Buffer.from("c000", "hex");

function slice(chunks: Buffer[], expectConnect = true) {
  const passed: Buffer[] = [];
  const frames: string[] = [];
  const slicer = new MqttSlicer(
    { pass: (bytes) => passed.push(Buffer.from(bytes)), frame: (payload, level) => frames.push(`${level}:${payload}`) },
    { expectConnect },
  );
  let fault: string | null = null;
  for (const [n, chunk] of chunks.entries()) {
    fault ??= slicer.push(chunk);
    if (n === 0) slicer.takeFrames(prefix);
  }
  return { passed: Buffer.concat(passed), frames, fault };
}

test("frames and other packets are told apart however the bytes are cut", () => {
  const stream = Buffer.concat([frame("one"), pingreq, frame(""), frame("x".repeat(70)), pingreq, frame("last")]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (cuts) => {
      const chunks = [connect];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(stream.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(stream.subarray(at));
      const { passed, frames, fault } = slice(chunks);
      expect(fault).toBeNull();
      expect(passed).toEqual(Buffer.concat([connect, pingreq, pingreq]));
      expect(frames).toEqual(["h1:one", "h1:", `h1:${"x".repeat(70)}`, "h1:last"]);
    }),
  );
});

test("a stranger's first packet must be a CONNECT of at most 16 KiB, judged by its header alone", () => {
  expect(slice([pingreq]).fault).toBe("not-connect");
  expect(slice([Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])]).fault).toBe("packet-too-large");
  const length = connectPacketBytesMax + 1;
  expect(
    slice([Buffer.from([0x10, (length % 128) | 128, (Math.floor(length / 128) % 128) | 128, Math.floor(length / 16_384)])]).fault,
  ).toBe("packet-too-large");
});

test("later packets have caps of their own, and five length bytes are none", () => {
  const header = (first: number, length: number) =>
    Buffer.from([
      first,
      (length % 128) | 128,
      (Math.floor(length / 128) % 128) | 128,
      (Math.floor(length / 16_384) % 128) | 128,
      Math.floor(length / 2_097_152),
    ]);
  expect(slice([connect, header(0x32, packetBytesMax)]).fault).toBe("packet-too-large");
  expect(slice([connect, Buffer.concat([encodePublishHeader(Buffer.from(`${prefix}h1`), framePacketBytesMax)])]).fault).toBe(
    "packet-too-large",
  );
  expect(slice([connect, Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01])]).fault).toBe("bad-length");
});

test("another agent's frames and QoS 1 publishes are left to the broker and its rules", () => {
  const foreign = Buffer.concat([
    encodePublishHeader(Buffer.from("sp/agt_000000000000000000000000/up/s/h1"), 1),
    Buffer.from("x"),
  ]);
  const qos1 = Buffer.from(frame("x"));
  qos1[0] = 0x32;
  const { passed, frames } = slice([connect, foreign, qos1]);
  expect(frames).toEqual([]);
  expect(passed).toEqual(Buffer.concat([connect, foreign, qos1]));
});

// Cuts a byte stream into MQTT 3.1.1 packets before any MQTT library sees it (MQTT-2.2: fixed header, remaining length).
// Two jobs at one door: packet caps are enforced on the length alone, before a byte is kept; and QoS 0 PUBLISH packets
// under a given topic prefix (stream frames) are taken out of the stream and handed over whole.
// It does not understand MQTT beyond that: everything else passes untouched.
import { connectPacketBytesMax, framePacketBytesMax, packetBytesMax } from "./limits.ts";

const connectType = 1;
const publishQos0 = 0x30; // type 3, no DUP, QoS 0, no RETAIN

/** Frames up to this size are put together in memory of their own. */
const smallBytes = 2 * 1024;
/** Memory in which large frames were put together, shared by all links: it is free again as soon as its frame has been read. */
const spare: Buffer[] = [];
const spareMax = 16;

export type SlicerFault = "not-connect" | "packet-too-large" | "bad-length" | "too-many-packets";

export type SlicerHandlers = {
  /** Bytes for the MQTT library, in order. */
  pass(bytes: Buffer): void;
  /** A packet for the MQTT library begins: for counting. False drops the connection. */
  packet?(type: number): boolean;
  /** A stream frame's payload and the level after the prefix. Valid until the handler returns, unless copied. */
  frame(payload: Buffer, lastLevel: string): void;
};

export class MqttSlicer {
  readonly #handlers: SlicerHandlers;
  #prefix: Buffer | null = null;
  #expectConnect: boolean;
  /** Bytes of the packet in hand that pass without being looked at. */
  #passing = 0;
  /** An incomplete header: a fixed header and a topic at most. */
  #held: Buffer | null = null;
  /** A frame still arriving, at most framePacketBytesMax. */
  #arriving: { memory: Buffer; filled: number; total: number; payloadAt: number; lastLevel: string } | null = null;

  /** @param expectConnect true on the hub: the first packet must be a CONNECT within its cap. */
  constructor(handlers: SlicerHandlers, { expectConnect }: { expectConnect: boolean }) {
    this.#handlers = handlers;
    this.#expectConnect = expectConnect;
  }

  /** From now on QoS 0 publishes under this prefix are frames. Called once the peer is authenticated. */
  takeFrames(prefix: string): void {
    this.#prefix = ownBytes(prefix);
  }

  /** Returns the fault for which the connection must be dropped, or null. */
  push(chunk: Buffer): SlicerFault | null {
    let bytes = chunk;
    let at = 0;
    if (this.#arriving !== null) {
      at = this.#fill(chunk);
    } else if (this.#held !== null) {
      bytes = Buffer.concat([this.#held, chunk]);
      this.#held = null;
    }
    while (at < bytes.length) {
      if (this.#passing > 0) {
        const taken = Math.min(this.#passing, bytes.length - at);
        this.#handlers.pass(bytes.subarray(at, at + taken));
        this.#passing -= taken;
        at += taken;
        continue;
      }
      const header = readFixedHeader(bytes, at);
      if (header === "bad-length") return "bad-length";
      if (header === null) return this.#hold(bytes.subarray(at));
      const first = bytes[at] ?? 0;
      if (this.#expectConnect) {
        if (first >> 4 !== connectType) return "not-connect";
        if (header.total > connectPacketBytesMax) return "packet-too-large";
        this.#expectConnect = false;
      } else if (header.total > packetBytesMax) return "packet-too-large";

      const frame = first === publishQos0 && this.#prefix !== null ? this.#frameTopic(bytes, at, header, this.#prefix) : "no";
      if (frame === "unknown") return this.#hold(bytes.subarray(at));
      if (frame === "no") {
        if (this.#handlers.packet?.(first >> 4) === false) return "too-many-packets";
        this.#passing = header.total;
        continue;
      }
      if (header.total > framePacketBytesMax) return "packet-too-large";
      if (bytes.length - at < header.total) {
        const { total } = header;
        const memory =
          total > smallBytes ? (spare.pop() ?? Buffer.allocUnsafeSlow(framePacketBytesMax)) : Buffer.allocUnsafe(total);
        this.#arriving = { memory, filled: 0, total, payloadAt: frame.payloadAt - at, lastLevel: frame.lastLevel };
        this.#fill(bytes.subarray(at));
        return null;
      }
      this.#handlers.frame(bytes.subarray(frame.payloadAt, at + header.total), frame.lastLevel);
      at += header.total;
    }
    return null;
  }

  #hold(rest: Buffer): null {
    this.#held = Buffer.from(rest); // a copy: the rest may be a small view on a large buffer
    return null;
  }

  /** More of the arriving frame; hands it over when it is whole. @returns how many bytes of `chunk` were its own. */
  #fill(chunk: Buffer): number {
    const arriving = this.#arriving;
    if (arriving === null) return 0;
    const { memory, total, payloadAt, lastLevel } = arriving;
    const taken = chunk.copy(memory, arriving.filled, 0, total - arriving.filled);
    arriving.filled += taken;
    if (arriving.filled < total) return taken;
    this.#arriving = null;
    this.#handlers.frame(memory.subarray(payloadAt, total), lastLevel);
    if (memory.length === framePacketBytesMax && spare.length < spareMax) spare.push(memory);
    return taken;
  }

  #frameTopic(
    bytes: Buffer,
    at: number,
    header: FixedHeader,
    prefix: Buffer,
  ): { payloadAt: number; lastLevel: string } | "no" | "unknown" {
    const topicAt = at + header.headerBytes + 2;
    if (header.total < header.headerBytes + 2) return "no";
    if (bytes.length < topicAt) return "unknown";
    const topicBytes = bytes.readUInt16BE(topicAt - 2);
    if (topicBytes < prefix.length || header.headerBytes + 2 + topicBytes > header.total || topicBytes > prefix.length + 16)
      return "no";
    if (bytes.length < topicAt + topicBytes) return "unknown";
    if (prefix.compare(bytes, topicAt, topicAt + prefix.length) !== 0) return "no";
    return {
      payloadAt: topicAt + topicBytes,
      lastLevel: bytes.toString("latin1", topicAt + prefix.length, topicAt + topicBytes),
    };
  }
}

/** Memory of its own: a few bytes of Node's pool that live as long as a link keep 8 KiB each. */
function ownBytes(text: string): Buffer {
  const memory = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  memory.write(text);
  return memory;
}

type FixedHeader = { headerBytes: number; total: number };

function readFixedHeader(bytes: Buffer, at: number): FixedHeader | "bad-length" | null {
  let remaining = 0;
  for (let n = 1; n <= 4; n++) {
    const byte = bytes[at + n];
    if (byte === undefined) return null;
    remaining += (byte & 127) * 128 ** (n - 1);
    if (byte < 128) return { headerBytes: n + 1, total: n + 1 + remaining };
  }
  return "bad-length"; // MQTT-2.2.3: at most four bytes
}

/** Length of what {@link writePublishHeader} writes. */
export function publishHeaderBytes(topic: Buffer, payloadBytes: number): number {
  const remaining = 2 + topic.length + payloadBytes;
  return 1 + (remaining < 2 ** 7 ? 1 : remaining < 2 ** 14 ? 2 : remaining < 2 ** 21 ? 3 : 4) + 2 + topic.length;
}

/** Fixed header and topic of a QoS 0 PUBLISH carrying `payloadBytes`, at the start of `into`. @returns where the payload goes. */
export function writePublishHeader(into: Buffer, topic: Buffer, payloadBytes: number): number {
  let remaining = 2 + topic.length + payloadBytes;
  let at = 0;
  into[at++] = publishQos0;
  do {
    const low = remaining % 128;
    remaining = Math.floor(remaining / 128);
    into[at++] = remaining > 0 ? low | 128 : low;
  } while (remaining > 0);
  at = into.writeUInt16BE(topic.length, at);
  topic.copy(into, at);
  return at + topic.length;
}

export function encodePublishHeader(topic: Buffer, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(publishHeaderBytes(topic, payloadBytes));
  writePublishHeader(header, topic, payloadBytes);
  return header;
}

// Stream frames to bytes and back: the `Frame` message of wire.proto, coded by hand so that a slice's bytes are never copied.
// The vectors hold this file and the generated code to the same bytes.
import { WireError } from "../wire.ts";

export type Frame =
  | { kind: "data"; stream: number; channel: number; offset: number; data: Uint8Array }
  | { kind: "ack"; stream: number; channel: number; offset: number; credit: number; durable: number }
  | { kind: "resume"; stream: number; channel: number; offset: number }
  | { kind: "eof"; stream: number; channel: number; offset: number }
  | { kind: "resize"; stream: number; columns: number; rows: number }
  | { kind: "close"; stream: number; exitCode: number | null; reason: string };

const kindNumbers = { data: 1, ack: 2, resume: 3, eof: 4, resize: 5, close: 6 } as const;

/** CLOSE.reason is a code or a signal name, not prose. */
const reasonBytesMax = 64;
/** Two channels today (output, stderr); a byte leaves room without letting a peer invent thousands. */
const channelMax = 255;

/** The frame's bytes up to its data, valid until the next call, and the data itself, to be written one after the other. */
export function encodeFrame(frame: Frame): { header: Buffer; data: Uint8Array | null } {
  const writer = new Writer(scratch);
  writer.number(1, frame.stream);
  writer.number(2, kindNumbers[frame.kind]);
  switch (frame.kind) {
    case "data":
      writer.number(3, frame.channel);
      writer.number(4, frame.offset);
      writer.dataHeader(15, frame.data.length);
      return { header: writer.done(), data: frame.data };
    case "ack":
      writer.number(3, frame.channel);
      writer.number(4, frame.offset);
      writer.number(5, frame.credit);
      writer.number(6, frame.durable);
      break;
    case "resume":
    case "eof":
      writer.number(3, frame.channel);
      writer.number(4, frame.offset);
      break;
    case "resize":
      writer.number(7, frame.columns);
      writer.number(8, frame.rows);
      break;
    case "close":
      if (frame.exitCode !== null) {
        writer.number(9, frame.exitCode >= 0 ? frame.exitCode * 2 : -frame.exitCode * 2 - 1); // zigzag
        writer.number(10, 1);
      }
      writer.text(11, frame.reason);
      break;
  }
  return { header: writer.done(), data: null };
}

/** Reads one frame; throws WireError. `data` shares memory with `bytes`. Unknown fields are skipped, as protobuf asks. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new Reader(bytes);
  let stream = 0;
  let kind = 0;
  let channel = 0;
  let offset = 0;
  let credit = 0;
  let durable = 0;
  let columns = 0;
  let rows = 0;
  let code = 0;
  let exited = false;
  let reason = "";
  let data: Uint8Array = empty;
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case 0x08:
        stream = reader.varint();
        break;
      case 0x10:
        kind = reader.varint();
        break;
      case 0x18:
        channel = reader.varint();
        break;
      case 0x20:
        offset = reader.varint();
        break;
      case 0x28:
        credit = reader.varint();
        break;
      case 0x30:
        durable = reader.varint();
        break;
      case 0x38:
        columns = reader.varint();
        break;
      case 0x40:
        rows = reader.varint();
        break;
      case 0x48:
        code = reader.varint();
        break;
      case 0x50:
        exited = reader.varint() !== 0;
        break;
      case 0x5a:
        reason = reader.text(reasonBytesMax);
        break;
      case 0x7a:
        data = reader.bytes();
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  if (stream === 0) throw new WireError("frame without a stream");
  if (channel > channelMax) throw new WireError(`frame of channel ${channel}, at most ${channelMax}`);
  switch (kind) {
    case 1:
      return { kind: "data", stream, channel, offset, data };
    case 2:
      return { kind: "ack", stream, channel, offset, credit, durable };
    case 3:
      return { kind: "resume", stream, channel, offset };
    case 4:
      return { kind: "eof", stream, channel, offset };
    case 5:
      return { kind: "resize", stream, columns, rows };
    case 6:
      return { kind: "close", stream, exitCode: exited ? (code % 2 === 0 ? code / 2 : -(code + 1) / 2) : null, reason };
    default:
      throw new WireError(`frame of unknown kind ${kind}`);
  }
}

const empty = new Uint8Array();

// Tags are one byte, varints of 53-bit numbers at most eight, reason at most 64: 128 bytes hold any header.
const scratch = Buffer.allocUnsafeSlow(128);

class Writer {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(field: number, value: number): void {
    if (value === 0) return; // proto3 leaves defaults out
    this.#bytes[this.#at++] = field << 3;
    this.#varint(value);
  }

  text(field: number, text: string): void {
    if (text === "") return;
    const encoded = Buffer.from(text).subarray(0, reasonBytesMax);
    this.dataHeader(field, encoded.length);
    this.#at += encoded.copy(this.#bytes, this.#at);
  }

  dataHeader(field: number, length: number): void {
    this.#bytes[this.#at++] = (field << 3) | 2;
    this.#varint(length);
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < 10; n++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new WireError("frame cut in a number");
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) throw new WireError("frame number above 2^53");
        return value;
      }
      scale *= 128;
    }
    throw new WireError("frame number longer than ten bytes");
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const start = this.#at;
    if (length > this.#bytes.length - start)
      throw new WireError(`frame cut: ${length} bytes announced, ${this.#bytes.length - start} left`);
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(bytesMax: number): string {
    const bytes = this.bytes();
    if (bytes.length > bytesMax) throw new WireError(`frame text of ${bytes.length} bytes, at most ${bytesMax}`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#at += 4;
    else throw new WireError(`frame field of wire type ${wireType}`);
    if (this.#at > this.#bytes.length) throw new WireError("frame cut in an unknown field");
  }
}

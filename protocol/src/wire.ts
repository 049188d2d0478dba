// Control envelopes to bytes and back. Decoding never trusts: caps first, then protobuf, then exactly one known body.
import { sallyport } from "./gen/wire.js";
import { controlBytesMax } from "./limits.ts";

export { sallyport as wire } from "./gen/wire.js";

type UpBodies = Omit<sallyport.Up.$Properties, "body" | "$unknowns">;
type DownBodies = Omit<sallyport.Down.$Properties, "body" | "$unknowns">;
type OneOf<Bodies> = { [Name in keyof Bodies]-?: { body: Name; value: NonNullable<Bodies[Name]> } }[keyof Bodies];

/** A control message from an agent, narrowed by `body`. */
export type UpMessage = OneOf<UpBodies>;
/** A control message from the hub, narrowed by `body`. */
export type DownMessage = OneOf<DownBodies>;

/** Bytes that are not a message of ours. `message` says what was got and what was expected; safe to log. */
export class WireError extends Error {
  override name = "WireError";
}

function decode<T>(bytes: Uint8Array, bytesMax: number, what: string, read: (bytes: Uint8Array) => T): T {
  if (bytes.length > bytesMax) throw new WireError(`${what} of ${bytes.length} bytes, at most ${bytesMax} allowed`);
  try {
    return read(bytes);
  } catch (cause) {
    throw new WireError(`not a ${what}: ${cause instanceof Error ? cause.message : "malformed"}`, { cause });
  }
}

/** Null when the body is one this version does not know: additive evolution, not an error. */
export function decodeUp(bytes: Uint8Array): UpMessage | null {
  const up = decode(bytes, controlBytesMax, "agent message", (b) => sallyport.Up.decode(b));
  return bodyOf<UpMessage>(up);
}

/** Null when the body is one this version does not know. */
export function decodeDown(bytes: Uint8Array): DownMessage | null {
  const down = decode(bytes, controlBytesMax, "hub message", (b) => sallyport.Down.decode(b));
  return bodyOf<DownMessage>(down);
}

function bodyOf<Message extends { body: string; value: unknown }>(envelope: sallyport.Up | sallyport.Down): Message | null {
  const body = envelope.body;
  if (body === undefined) return null;
  return { body, value: Reflect.get(envelope, body) } as Message;
}

export function encodeUp(body: UpBodies): Uint8Array {
  return sallyport.Up.encode(body).finish();
}

export function encodeDown(body: DownBodies): Uint8Array {
  return sallyport.Down.encode(body).finish();
}

/** The bytes an order's signature covers. */
export function encodeOrder(order: sallyport.Order.$Properties): Uint8Array {
  return sallyport.Order.encode(order).finish();
}

export function decodeOrder(bytes: Uint8Array): sallyport.Order {
  return decode(bytes, controlBytesMax, "order", (b) => sallyport.Order.decode(b));
}

/** Every 64-bit value on the wire is an offset, a count or a date below 2^53. */
export function isWireNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

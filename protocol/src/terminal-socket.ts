// Binary messages of the terminal socket: u64 BE absolute offset of the first byte, then the bytes. Same in both directions.
// The JSON control messages beside them are described in SPEC.md §7.

export const terminalSubprotocol = "sallyport.terminal.v1";

/** Of the dial socket (SPEC.md §8), whose binary messages are the bytes alone. */
export const dialSubprotocol = "sallyport.dial.v1";

/** Output the hub sends ahead of the client's `ack`. */
export const viewerWindowBytes = 256 * 1024;

/** In front of a message's bytes: their offset. */
export const offsetBytes = 8;

export function encodeTerminalData(offset: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(offsetBytes + data.length);
  writeTerminalData(message, offset, data);
  return message;
}

/** The same into memory of the caller's. @returns how much of it the message takes. */
export function writeTerminalData(into: Uint8Array, offset: number, data: Uint8Array): number {
  let rest = offset;
  for (let at = offsetBytes - 1; at >= 0; at--) {
    into[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  into.set(data, offsetBytes);
  return offsetBytes + data.length;
}

/** Null when the message is shorter than an offset or the offset is not below 2^53. `data` shares memory with `message`. */
export function decodeTerminalData(message: Uint8Array): { offset: number; data: Uint8Array } | null {
  if (message.length < offsetBytes) return null;
  let offset = 0;
  for (let at = 0; at < offsetBytes; at++) offset = offset * 256 + (message[at] ?? 0);
  return Number.isSafeInteger(offset) ? { offset, data: message.subarray(offsetBytes) } : null;
}

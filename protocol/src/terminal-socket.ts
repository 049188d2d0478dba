// Binary messages of the terminal socket: u64 BE absolute offset of the first byte, then the bytes. Same in both directions.
// The JSON control messages beside them are described in SPEC.md §7.

export const terminalSubprotocol = "sallyport.terminal.v1";

/** Output the hub sends ahead of the client's `ack`. */
export const viewerWindowBytes = 256 * 1024;

const offsetBytes = 8;

export function encodeTerminalData(offset: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(offsetBytes + data.length);
  new DataView(message.buffer).setBigUint64(0, BigInt(offset));
  message.set(data, offsetBytes);
  return message;
}

/** Null when the message is shorter than an offset or the offset is not below 2^53. `data` shares memory with `message`. */
export function decodeTerminalData(message: Uint8Array): { offset: number; data: Uint8Array } | null {
  if (message.length < offsetBytes) return null;
  const offset = Number(new DataView(message.buffer, message.byteOffset, offsetBytes).getBigUint64(0));
  return Number.isSafeInteger(offset) ? { offset, data: message.subarray(offsetBytes) } : null;
}

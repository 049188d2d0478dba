// The head of a file in a tar archive: ustar (IEEE Std 1003.1, pax), with a pax record where the name is longer than ustar takes. Pure.

export const tarBlockBytes = 512;
/** Two blocks of zeros end an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

const nameBytesMax = 100;

/** Zeros after so many bytes of content, up to a whole block. */
export const tarPadding = (size: number): number => (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;

/**
 * @param name bytes as the host has them, without a leading slash; not always UTF-8.
 * @param mode permission bits. @param mtimeMs ms since the epoch.
 */
export function tarHead({ name, size, mode, mtimeMs }: { name: Buffer; size: number; mode: number; mtimeMs: number }): Buffer {
  const mtime = Math.min(0o77777777777, Math.max(0, Math.floor(mtimeMs / 1_000)));
  const short = name.subarray(0, nameBytesMax);
  const head = block({ name: short, size, mode, mtime, type: "0" });
  if (name.length <= nameBytesMax) return head;
  const record = paxRecord("path", name);
  const before = block({ name: Buffer.from("pax"), size: record.length, mode: 0o600, mtime, type: "x" });
  return Buffer.concat([before, record, Buffer.alloc(tarPadding(record.length)), head]);
}

function block(entry: { name: Buffer; size: number; mode: number; mtime: number; type: "0" | "x" }): Buffer {
  const bytes = Buffer.alloc(tarBlockBytes);
  entry.name.copy(bytes, 0);
  bytes.write(octal(entry.mode & 0o777, 7), 100);
  bytes.write(octal(0, 7), 108); // owner and group are the host's; whoever unpacks owns what he unpacked
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(entry.size, 11), 124);
  bytes.write(octal(entry.mtime, 11), 136);
  bytes.write("        ", 148); // the sum counts its own field as blanks
  bytes.write(entry.type, 156);
  bytes.write("ustar\x0000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148);
  return bytes;
}

/** A record says its own length, digits of the length included. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3; // the blank, =, the line feed
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from("\n")]);
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");

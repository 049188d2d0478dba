// What lies in the hub's logs on disk, read without the hub's own code: a second reader of the format that hub/src/logs/chunk.ts draws.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { zstdDecompressSync } from "node:zlib";

const magicBytes = 8;
/** Coding, payload length, two times, two spans of offset and length, hash of the chunk before. */
const chunkHeadBytes = 1 + 4 + 4 + 4 + 2 * 12 + 32;
const hashBytes = 32;
/** Beyond any chunk's length: the signed head that ends a closed log. */
const chunkBytesMax = 4 * 1_024 * 1_024;

/** u32 milliseconds since the start, u8 kind, u32 length. */
const recordHeadBytes = 9;

/** `kind`: 0 stdout or a terminal's output, 1 stderr, 2 a terminal's size. */
export type LogRecord = { atMs: number; kind: number; data: Buffer };
export type LogOnDisk = { startedAtMs: number; records: LogRecord[] };

/** A log of a session or an execution; null when there is none. Whole chunks only: one that was cut is not there. */
export function readLog(dataDir: string, id: string): LogOnDisk | null {
  const root = path.join(dataDir, "logs");
  const folder = readdirSync(root).find((name) => id.startsWith(name));
  if (folder === undefined || !readdirSync(path.join(root, folder)).includes(`${id}.log`)) return null;
  const bytes = readFileSync(path.join(root, folder, `${id}.log`));
  const headerBytes = bytes.readUInt32BE(magicBytes);
  const header: unknown = JSON.parse(bytes.subarray(magicBytes + 4, magicBytes + 4 + headerBytes).toString());
  const startedAt = typeof header === "object" && header !== null && "startedAt" in header ? String(header.startedAt) : "";
  const records: LogRecord[] = [];
  for (let at = magicBytes + 4 + headerBytes; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const end = at + 4 + length;
    if (length > chunkBytesMax || end > bytes.length) break;
    const payload = bytes.subarray(at + 4 + chunkHeadBytes, end - hashBytes);
    records.push(...recordsIn(bytes.readUInt8(at + 4) === 1 ? zstdDecompressSync(payload) : payload));
    at = end;
  }
  return { startedAtMs: Date.parse(startedAt), records };
}

function recordsIn(payload: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at < payload.length; ) {
    const from = at + recordHeadBytes;
    const end = from + payload.readUInt32BE(at + 5);
    records.push({ atMs: payload.readUInt32BE(at), kind: payload.readUInt8(at + 4), data: payload.subarray(from, end) });
    at = end;
  }
  return records;
}

// The file format of a log, one chunk at a time. Pure: bytes in, bytes out.
//
//   file   = "SPLOG1\0\n" · u32 header length · header (JSON) · chunk*
//   chunk  = u32 length of all that follows
//            u8 coding (0 plain, 1 zstd) · u32 payload length before coding
//            u32 first ms · u32 last ms                      since the log's start
//            2 × (u64 first offset · u32 bytes)              output, then stderr
//            32 bytes hash of the chunk before               of the header for the first
//            payload: LogEvent records (protocol/src/log-events.ts)
//            32 bytes SHA-256 of the chunk from its length field up to here
//
// A chunk is whole or it is not there: a crash cuts the last one, and the log then ends before it.
import { createHash, webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";

export const magic = Buffer.from("SPLOG1\0\n");
export const hashBytes = 32;
const fixedBytes = 4 + 1 + 4 + 4 + 4 + 2 * 12 + hashBytes;
/** Shortest possible chunk, its length field included. */
export const chunkBytesMin = fixedBytes + hashBytes;
/** Payload of one chunk before coding; a reader refuses more, so that a damaged length cannot exhaust memory. */
export const payloadBytesMax = 2 * 1024 * 1024;
/** Below this zstd's frame costs more than it saves. */
const worthCoding = 256;

export type ChannelSpan = { offset: number; bytes: number };
export type Chunk = { firstMs: number; lastMs: number; output: ChannelSpan; stderr: ChannelSpan; payload: Buffer };

/** What the index keeps of a chunk. */
export type ChunkHead = Omit<Chunk, "payload"> & { coded: boolean; payloadBytes: number; bytes: number; previousHash: Buffer };

/** Larger payloads are coded and hashed by the thread pool: this thread carries keystrokes. Smaller ones cost less than the way there. */
const worthAThread = 16 * 1024;
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compress = promisify<Buffer, typeof fastest & { chunkSize: number }, Buffer>(zstdCompress);
/** Room for the worst case (zstd.h, ZSTD_COMPRESSBOUND): one visit to the pool, where the default asks for one for each 16 KiB. */
const boundOf = (bytes: number) => bytes + (bytes >> 8) + 1_024;

export async function encodeChunk(chunk: Chunk, previousHash: Buffer): Promise<{ bytes: Buffer; hash: Buffer }> {
  const { payload } = chunk;
  const large = payload.length >= worthAThread;
  const coded = payload.length >= worthCoding;
  const body = !coded
    ? payload
    : large
      ? await compress(payload, { ...fastest, chunkSize: boundOf(payload.length) })
      : zstdCompressSync(payload, fastest);
  const bytes = Buffer.allocUnsafe(fixedBytes + body.length + hashBytes);
  let at = bytes.writeUInt32BE(bytes.length - 4, 0);
  at = bytes.writeUInt8(coded ? 1 : 0, at);
  at = bytes.writeUInt32BE(payload.length, at);
  at = bytes.writeUInt32BE(chunk.firstMs, at);
  at = bytes.writeUInt32BE(chunk.lastMs, at);
  for (const span of [chunk.output, chunk.stderr]) {
    at = bytes.writeBigUInt64BE(BigInt(span.offset), at);
    at = bytes.writeUInt32BE(span.bytes, at);
  }
  at += previousHash.copy(bytes, at);
  at += body.copy(bytes, at);
  const hashed = bytes.subarray(0, at);
  const hash =
    body.length >= worthAThread
      ? Buffer.from(await webcrypto.subtle.digest("SHA-256", hashed))
      : createHash("sha256").update(hashed).digest();
  hash.copy(bytes, at);
  return { bytes, hash };
}

/** Null when these bytes cannot begin a chunk. `bytes` must hold at least {@link chunkBytesMin}. */
export function readChunkHead(bytes: Buffer): ChunkHead | null {
  const total = bytes.readUInt32BE(0) + 4;
  const coding = bytes.readUInt8(4);
  const payloadBytes = bytes.readUInt32BE(5);
  if (
    total < chunkBytesMin ||
    coding > 1 ||
    payloadBytes > payloadBytesMax ||
    total > chunkBytesMin + payloadBytesMax + 64 * 1024
  )
    return null;
  const span = (at: number): ChannelSpan => ({ offset: Number(bytes.readBigUInt64BE(at)), bytes: bytes.readUInt32BE(at + 8) });
  return {
    bytes: total,
    coded: coding === 1,
    payloadBytes,
    firstMs: bytes.readUInt32BE(9),
    lastMs: bytes.readUInt32BE(13),
    output: span(17),
    stderr: span(29),
    previousHash: Buffer.from(bytes.subarray(41, 41 + hashBytes)),
  };
}

export type OpenedChunk = { ok: true; hash: Buffer; payload: Buffer } | { ok: false };

/** Checks a whole chunk's hash and place in the chain, and decodes its payload. */
export function openChunk(bytes: Buffer, head: ChunkHead, expectedPrevious: Buffer | null): OpenedChunk {
  if (bytes.length !== head.bytes) return { ok: false };
  const stored = bytes.subarray(bytes.length - hashBytes);
  const hash = createHash("sha256")
    .update(bytes.subarray(0, bytes.length - hashBytes))
    .digest();
  if (!hash.equals(stored) || (expectedPrevious !== null && !head.previousHash.equals(expectedPrevious))) return { ok: false };
  const coded = bytes.subarray(fixedBytes, bytes.length - hashBytes);
  try {
    const payload = head.coded ? zstdDecompressSync(coded, { maxOutputLength: payloadBytesMax }) : Buffer.from(coded);
    return payload.length === head.payloadBytes ? { ok: true, hash, payload } : { ok: false };
  } catch {
    return { ok: false }; // zstd refused: damaged though the hash held, which only a wrong writer can do
  }
}

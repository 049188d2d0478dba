// The signed head of a log: what the hub vouches for. Pure: bytes in, bytes out.
//
//   head = "SPHEAD1\n" · u32 length · JSON · 64 bytes Ed25519 over domain · JSON
//
// A closed log ends with one. Beside an open log lies one more (`….log.open`), a checkpoint: so far it had come.
// The first four bytes, read as a chunk's length, are beyond any chunk's: a reader of chunks stops there.
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { keyIdOf } from "../platform/evidence-key.ts";

const headMagic = Buffer.from("SPHEAD1\n");
const signatureBytes = 64;
/** The JSON is some 350 bytes; a damaged length must not make a reader ask for more than this. */
const jsonBytesMax = 2_048;
/** Longest possible head: what a reader needs to read of a log's end. */
export const headBytesMax = headMagic.length + 4 + jsonBytesMax + signatureBytes;
/** A signature made for a head can be mistaken for nothing else, and the other way round. */
const domain = Buffer.from("sallyport log head 1\n");

const shape = z.strictObject({
  id: z.string(),
  state: z.enum(["open", "closed"]),
  /** Of the last chunk, or of the header when there is none; hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Bytes of the file up to the end of that chunk. */
  position: z.int().nonnegative(),
  output: z.int().nonnegative(),
  stderr: z.int().nonnegative(),
  startedAt: z.string(),
  durationMs: z.int().nonnegative(),
  signedAt: z.string(),
  keyId: z.string(),
});

export type Head = z.infer<typeof shape>;

export class HeadSigner {
  readonly publicKey: KeyObject;
  readonly #key: KeyObject;
  readonly #keyId: string;

  constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = createPublicKey(key);
    this.#keyId = keyIdOf(this.publicKey);
  }

  sign(head: Omit<Head, "keyId" | "signedAt">): Buffer {
    const full: Head = { ...head, signedAt: new Date().toISOString(), keyId: this.#keyId };
    const json = Buffer.from(JSON.stringify(full));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    return Buffer.concat([headMagic, length, json, sign(null, Buffer.concat([domain, json]), this.#key)]);
  }
}

export type ReadHead =
  | { ok: true; head: Head; bytes: number }
  | { ok: false; why: "cut" | "not-a-head" | "other-key" | "forged" };

/** Reads and checks the head that `bytes` begins with. */
export function readHead(bytes: Buffer, publicKey: KeyObject): ReadHead {
  const start = bytes.subarray(0, headMagic.length);
  if (!start.equals(headMagic.subarray(0, start.length))) return { ok: false, why: "not-a-head" };
  if (bytes.length < headMagic.length + 4) return { ok: false, why: "cut" };
  const jsonBytes = bytes.readUInt32BE(headMagic.length);
  const from = headMagic.length + 4;
  const end = from + jsonBytes + signatureBytes;
  if (jsonBytes > jsonBytesMax) return { ok: false, why: "not-a-head" };
  if (bytes.length < end) return { ok: false, why: "cut" };
  const json = bytes.subarray(from, from + jsonBytes);
  const signed = verify(null, Buffer.concat([domain, json]), publicKey, bytes.subarray(from + jsonBytes, end));
  const parsed = parse(json);
  if (!signed) return { ok: false, why: parsed !== null && parsed.keyId !== keyIdOf(publicKey) ? "other-key" : "forged" };
  return parsed === null ? { ok: false, why: "not-a-head" } : { ok: true, head: parsed, bytes: end };
}

function parse(json: Buffer): Head | null {
  try {
    return shape.safeParse(JSON.parse(json.toString())).data ?? null;
  } catch {
    return null;
  }
}

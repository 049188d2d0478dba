// Says of a log's file whether it is what the hub wrote. Reads it once, a chunk at a time, with one chunk in memory;
// needs the file and the hub's public key, neither database nor hub.
import { createHash, type KeyObject } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { chunkBytesMin, magic, openChunk, readChunkHead } from "./chunk.ts";
import { headerBytesMax, parseHeader } from "./log-file.ts";
import { checkpointOf } from "./log-places.ts";
import { type Head, headBytesMax, readHead } from "./signed-head.ts";

/**
 * - `ok`: closed, every chunk in the chain, the signed head is the hub's and fits.
 * - `open`: not closed. Still being written, or the hub died; whole as far as its last signed checkpoint and no further is vouched for.
 * - `truncated`: an end is missing that had been there.
 * - `altered`: something is not what was written.
 */
export type Integrity = "ok" | "open" | "truncated" | "altered";

export type Verdict = {
  state: Integrity;
  /** One sentence for people. */
  why: string;
  id: string;
  /** Whole chunks in the chain, from the start: what can be replayed. */
  chunks: number;
  output: number;
  stderr: number;
  bytes: number;
  signedAt: string | null;
};

export type Expected = {
  publicKey: KeyObject;
  /** The id it goes by; null when only its own header says so. */
  id: string | null;
  /** Head noted elsewhere when it was closed, hex; null when there is no such note. */
  head: string | null;
};

export async function verifyLog(file: string, expected: Expected): Promise<Verdict> {
  const handle = await open(file, "r");
  try {
    const checkpoint = await readFile(checkpointOf(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return null;
    });
    return await new Walk(handle, (await handle.stat()).size, expected, checkpoint).verdict();
  } finally {
    await handle.close();
  }
}

class Walk {
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #expected: Expected;
  readonly #checkpoint: Buffer | null;
  #id = "";
  #chunks = 0;
  #position = 0;
  #hash: Buffer = Buffer.alloc(0);
  #output = 0;
  #stderr = 0;
  #signedAt: string | null = null;

  constructor(handle: FileHandle, size: number, expected: Expected, checkpoint: Buffer | null) {
    this.#handle = handle;
    this.#size = size;
    this.#expected = expected;
    this.#checkpoint = checkpoint;
  }

  async verdict(): Promise<Verdict> {
    const [state, why] = await this.#judge();
    return {
      state,
      why,
      id: this.#id,
      chunks: this.#chunks,
      output: this.#output,
      stderr: this.#stderr,
      bytes: this.#size,
      signedAt: this.#signedAt,
    };
  }

  async #judge(): Promise<[Integrity, string]> {
    const { id, publicKey } = this.#expected;
    const broken = await this.#readHeader();
    if (broken !== null) return broken;
    if (id !== null && this.#id !== id) return ["altered", `This is the recording of ${this.#id}.`];
    // Read before the chunks: a hub that goes on writing can only be further than this, never behind.
    const checkpoint = this.#checkpoint === null ? null : readHead(this.#checkpoint, publicKey);
    const vouched = checkpoint?.ok === true && checkpoint.head.id === this.#id ? checkpoint.head : null;
    let vouchedSeen = vouched !== null && this.#isHere(vouched);
    for (;;) {
      const chunk = await this.#readChunk();
      if (chunk === "end") break;
      if (chunk === "altered") return ["altered", `Chunk ${this.#chunks + 1} does not fit its hash or the chunk before it.`];
      vouchedSeen ||= vouched !== null && this.#isHere(vouched);
    }
    const rest = this.#size - this.#position;
    const tail = await this.#read(this.#position, Math.min(rest, headBytesMax));
    const seal = readHead(tail, publicKey);
    if (seal.ok) return this.#judgeSeal(seal.head, rest === seal.bytes);
    if (rest > 0 && seal.why === "other-key") return ["altered", "Its signed head was made with another key."];
    if (rest > 0 && seal.why === "forged") return ["altered", "The signature of its head does not hold."];
    if (rest > 0 && tail.length >= 8 && seal.why === "cut") return ["truncated", "Its signed head is cut."];
    if (this.#checkpoint !== null && this.#checkpoint.length > 0) {
      if (vouched === null) return ["altered", "The checkpoint beside it is not the hub's, or not of this recording."];
      if (this.#position < vouched.position) return ["truncated", "It ends before what the hub signed while it was written."];
      if (!vouchedSeen) return ["altered", "It is not the recording that the checkpoint beside it was signed for."];
      this.#signedAt = vouched.signedAt;
      return ["open", `Not closed: being written, or its hub died. Whole as far as the checkpoint of ${vouched.signedAt}.`];
    }
    return (await this.#restIsCut(rest))
      ? ["truncated", "It has no signed head: its end is missing."]
      : ["altered", "What follows its last whole chunk is no chunk and no head."];
  }

  #judgeSeal(seal: Head, isEnd: boolean): [Integrity, string] {
    this.#signedAt = seal.signedAt;
    if (seal.id !== this.#id) return ["altered", `Its signed head is that of ${seal.id}.`];
    if (seal.state !== "closed" || !isEnd || !this.#isHere(seal) || seal.output !== this.#output || seal.stderr !== this.#stderr)
      return ["altered", "Its signed head belongs to another state of it."];
    if (this.#expected.head !== null && this.#expected.head !== seal.hash)
      return ["altered", "It is whole, but not the recording the hub noted when it was closed."];
    return ["ok", "Every chunk is in the chain and the hub's signature holds."];
  }

  #isHere(head: Head): boolean {
    return head.position === this.#position && head.hash === this.#hash.toString("hex");
  }

  async #readHeader(): Promise<[Integrity, string] | null> {
    const start = await this.#read(0, magic.length + 4);
    if (!start.subarray(0, magic.length).equals(magic.subarray(0, start.length)))
      return ["altered", "It does not begin as a recording."];
    if (start.length < magic.length + 4) return ["truncated", "It ends within its header."];
    const length = start.readUInt32BE(magic.length);
    if (length > headerBytesMax) return ["altered", "Its header is damaged."];
    const json = await this.#read(start.length, length);
    if (json.length < length) return ["truncated", "It ends within its header."];
    const header = parseHeader(json);
    if (header === null) return ["altered", "Its header is damaged."];
    this.#id = header.id;
    this.#position = start.length + length;
    this.#hash = createHash("sha256").update(start).update(json).digest();
    return null;
  }

  async #readChunk(): Promise<"whole" | "end" | "altered"> {
    const start = await this.#read(this.#position, chunkBytesMin);
    const head = start.length < chunkBytesMin ? null : readChunkHead(start);
    if (head === null || this.#position + head.bytes > this.#size) return "end";
    const opened = openChunk(await this.#read(this.#position, head.bytes), head, this.#hash);
    if (!opened.ok || head.output.offset !== this.#output || head.stderr.offset !== this.#stderr) return "altered";
    this.#chunks++;
    this.#position += head.bytes;
    this.#hash = opened.hash;
    this.#output += head.output.bytes;
    this.#stderr += head.stderr.bytes;
    return "whole";
  }

  /** Nothing is left, or the beginning of a chunk or head that would be longer. */
  async #restIsCut(rest: number): Promise<boolean> {
    if (rest < chunkBytesMin) return true;
    const head = readChunkHead(await this.#read(this.#position, chunkBytesMin));
    return head !== null && this.#position + head.bytes > this.#size;
  }

  async #read(from: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    let got = 0;
    while (got < length) {
      const { bytesRead } = await this.#handle.read(bytes, got, length - got, from + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return bytes.subarray(0, got);
  }
}

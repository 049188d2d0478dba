// Closed logs in a bucket of an S3-compatible store. The client is loaded with the first request: a hub without a bucket never has it in memory.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { type ObjectStore, ObjectStoreError, type StoredLog } from "./object-store.ts";

export type S3Options = {
  /** Absolute, without a path: `https://s3.example.org`. */
  endpoint: string;
  region: string;
  bucket: string;
  /** Before every key; empty, or ends with a slash. */
  prefix: string;
  accessKeyId: string;
  secretAccessKey: string;
};

/** A store that says nothing for this long is not there. */
const connectMs = 5_000;
const silenceMs = 30_000;
/** Of one request, of the client's own; the archive tries again later anyway. */
const attempts = 2;
/** What one PUT may carry, of any S3. */
const putBytesMax = 5 * 1024 ** 3;

export class S3Store implements ObjectStore {
  readonly place: string;
  readonly #options: S3Options;
  #client: Promise<S3Client> | null = null;

  constructor(options: S3Options) {
    this.#options = options;
    this.place = `${options.endpoint}/${options.bucket}/${options.prefix}`;
  }

  async check(): Promise<void> {
    const { PutObjectCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    const at = { Bucket: this.#options.bucket, Key: `${this.#options.prefix}may-write` };
    await this.#ask(async (client) => {
      await client.send(new PutObjectCommand({ ...at, Body: "Sallyport may write here.\n" }));
      await client.send(new DeleteObjectCommand(at));
    });
  }

  async put(key: string, file: string, { bytes, sha256 }: StoredLog): Promise<void> {
    if (bytes > putBytesMax) throw new ObjectStoreError(`the log has ${bytes} bytes; an object may have ${putBytesMax}`);
    const { PutObjectCommand, HeadObjectCommand } = await import("@aws-sdk/client-s3");
    const at = { Bucket: this.#options.bucket, Key: this.#options.prefix + key };
    const md5 = await md5Of(file);
    await this.#ask(async (client) => {
      // A store compares what it got with this sum, and refuses what differs.
      await client.send(
        new PutObjectCommand({
          ...at,
          Body: createReadStream(file, { end: Math.max(0, bytes - 1) }),
          ContentLength: bytes,
          ContentMD5: md5.toString("base64"),
          ContentType: "application/octet-stream",
          Metadata: { sha256 },
        }),
      );
      const there = await client.send(new HeadObjectCommand(at));
      if (there.ContentLength !== bytes || there.Metadata?.["sha256"] !== sha256)
        throw new ObjectStoreError(`the store has ${there.ContentLength ?? "no"} bytes of ${bytes}`);
      // With keys of its own a store's tag is no sum of the bytes.
      const tag = there.ServerSideEncryption === "aws:kms" ? undefined : /^"?([0-9a-f]{32})"?$/.exec(there.ETag ?? "")?.[1];
      if (tag !== undefined && tag !== md5.toString("hex"))
        throw new ObjectStoreError("the store has other bytes than it was given");
    });
  }

  async get(key: string, file: string, { bytes }: StoredLog): Promise<void> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    await this.#ask(async (client) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: this.#options.bucket, Key: this.#options.prefix + key }));
      if (!(Body instanceof Readable)) throw new ObjectStoreError("the store answered without a body");
      await pipeline(Body, atMost(bytes + 1), createWriteStream(file, { mode: 0o600 }));
      const handle = await open(file, "r");
      await handle.sync().finally(() => handle.close());
    });
  }

  async remove(key: string): Promise<void> {
    const { DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    await this.#ask((client) =>
      client.send(new DeleteObjectCommand({ Bucket: this.#options.bucket, Key: this.#options.prefix + key })),
    );
  }

  async #ask(work: (client: S3Client) => Promise<unknown>): Promise<void> {
    this.#client ??= connect(this.#options);
    try {
      await work(await this.#client);
    } catch (error) {
      if (error instanceof ObjectStoreError) throw error;
      throw new ObjectStoreError(reasonOf(error), { cause: error, missing: isMissing(error) });
    }
  }
}

/** Its own words would go to the hub's output past the log; what matters of them is in the error. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function connect({ endpoint, region, accessKeyId, secretAccessKey }: S3Options): Promise<S3Client> {
  const { S3Client: Client } = await import("@aws-sdk/client-s3");
  return new Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    logger: silent,
    forcePathStyle: true, // every S3 knows it; the other form needs a name and a certificate for each bucket
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: silenceMs, throwOnRequestTimeout: true },
    // Sums in trailers are Amazon's own and other stores refuse them; each log carries its MD5 and SHA-256.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

async function md5Of(file: string): Promise<Buffer> {
  const md5 = createHash("md5");
  await pipeline(createReadStream(file), md5);
  return md5.digest();
}

/** A store that sends more than it was given is stopped there: what is too long is seen by its length. */
function atMost(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      done(null, part.length === 0 ? undefined : part);
    },
  });
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound");

/** One line for an administrator: the store's own code where it gave one. Its message is a stranger's text. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return `${code}: ${error.message}`.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

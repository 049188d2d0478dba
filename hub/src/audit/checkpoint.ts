// A checkpoint: the hub's signature under how far an organisation's chain has come. Pure: values in, values out.
//
// Signed is: domain · JSON [org, seq, hash, at, hub, keyId]
//
// A line of the file `audit/checkpoints`, of what an agent prints and of what a person keeps elsewhere is the checkpoint as JSON.
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { keyIdOf } from "../platform/evidence-key.ts";

/** A signature made for a checkpoint can be mistaken for nothing else, and the other way round. */
const domain = Buffer.from("sallyport audit checkpoint 1\n");

const shape = z.object({
  org: z.string().min(1).max(64),
  seq: z.int().positive(),
  /** Hash of that event, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it was signed, ISO 8601 in UTC with milliseconds. */
  at: z.iso.datetime({ precision: 3 }),
  hub: z.string().min(1).max(64),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Ed25519, 64 bytes, base64. */
  signature: z.base64().length(88),
});

export type Checkpoint = z.infer<typeof shape>;

/** Longest line that is one: 64 + 64 for the ids, the rest is fixed. */
export const checkpointLineBytesMax = 1_024;

const signedText = ({ org, seq, hash, at, hub, keyId }: Omit<Checkpoint, "signature">): Buffer =>
  Buffer.concat([domain, Buffer.from(JSON.stringify([org, seq, hash, at, hub, keyId]))]);

export class CheckpointSigner {
  readonly publicKey: KeyObject;
  readonly keyId: string;
  readonly #key: KeyObject;
  readonly #hub: string;

  /** @param key the evidence key, Ed25519. @param hub this hub's id. */
  constructor(key: KeyObject, hub: string) {
    this.#key = key;
    this.#hub = hub;
    this.publicKey = createPublicKey(key);
    this.keyId = keyIdOf(this.publicKey);
  }

  sign({ org, seq, hash, at }: { org: string; seq: number; hash: string; at: Date }): Checkpoint {
    const unsigned = { org, seq, hash, at: at.toISOString(), hub: this.#hub, keyId: this.keyId };
    return { ...unsigned, signature: sign(null, signedText(unsigned), this.#key).toString("base64") };
  }
}

/** `other-key`: another key's name stands in it, so that nothing can be said. `forged`: this key has not signed it. */
export function judgeSignature(
  checkpoint: Checkpoint,
  publicKey: KeyObject,
  keyId = keyIdOf(publicKey),
): "ok" | "other-key" | "forged" {
  if (checkpoint.keyId !== keyId) return "other-key";
  return verify(null, signedText(checkpoint), publicKey, Buffer.from(checkpoint.signature, "base64")) ? "ok" : "forged";
}

/** Null for what is no checkpoint. */
export function parseCheckpoint(line: string): Checkpoint | null {
  if (line.length > checkpointLineBytesMax) return null;
  try {
    return shape.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** With its line's end. */
export const formatCheckpoint = ({ org, seq, hash, at, hub, keyId, signature }: Checkpoint): string =>
  `${JSON.stringify({ org, seq, hash, at, hub, keyId, signature })}\n`;

// Secrets sealed to one agent process for one session: what the broker, a log or a recording of the link shows of them is worth nothing.
// Says nothing about who sealed: the order around a sealed secret is signed.
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { sealedBytesMax } from "./limits.ts";
import type { wire } from "./wire.ts";

const sealContext = "sallyport/sealed/v1\0";
const keyContext = "sallyport/sealing-key/v1\0";

export const sealingKeyBytes = 32;
const tagBytes = 16;

/** A key seals one secret, so its nonce need not differ from anything. */
const nonce = Buffer.alloc(12);

/** DER of an X25519 SubjectPublicKeyInfo up to its 32 raw bytes (RFC 8410 §4). */
const spkiPrefix = Buffer.from("302a300506032b656e032100", "hex");

/** For whom and for what a secret is: opened as anything else, it does not open. */
export type SealedFor = { agentId: string; subjectId: string };

/** Bytes that were not sealed to this key for this purpose, or were changed since. */
export class SealError extends Error {
  override name = "SealError";
}

/** A key for one life of one agent; kept in memory only. */
export function newSealingKey(): KeyObject {
  return generateKeyPairSync("x25519").privateKey;
}

/** The raw 32 bytes of a sealing key's public half. */
export function rawSealingKey(key: KeyObject): Buffer {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return Buffer.from(publicKey.export({ type: "spki", format: "der" }).subarray(-sealingKeyBytes));
}

/**
 * Seals `secret` (at most {@link sealedBytesMax} bytes) to the public key an agent's Hello named.
 *
 * @param recipient raw 32 bytes, checked by {@link checkSealingKey} before.
 * @param ephemeral made for this secret alone; given only by tests.
 * @throws SealError when the secret is too long or the key is no point to agree with.
 */
export function seal(
  secret: Uint8Array,
  recipient: Uint8Array,
  purpose: SealedFor,
  ephemeral: KeyObject = newSealingKey(),
): { ephemeralKey: Uint8Array; ciphertext: Uint8Array } {
  if (secret.length > sealedBytesMax)
    throw new SealError(`a secret of ${secret.length} bytes, at most ${sealedBytesMax} are sealed`);
  const ephemeralKey = rawSealingKey(ephemeral);
  const key = agree(ephemeral, recipient, { ephemeralKey, recipient }, purpose);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  key.fill(0);
  return { ephemeralKey, ciphertext: Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]) };
}

/**
 * Opens what {@link seal} made. The caller wipes the answer when it is done with it.
 *
 * @throws SealError for anything not sealed to this key and this purpose; says nothing of the content.
 */
export function unseal(sealed: wire.SealedSecret.$Properties, recipient: KeyObject, purpose: SealedFor): Buffer {
  const ephemeralKey = sealed.ephemeralKey ?? new Uint8Array();
  const ciphertext = sealed.ciphertext ?? new Uint8Array();
  if (ciphertext.length < tagBytes || ciphertext.length > sealedBytesMax + tagBytes)
    throw new SealError(`a sealed secret of ${ciphertext.length} bytes, expected ${tagBytes} to ${sealedBytesMax + tagBytes}`);
  const key = agree(recipient, ephemeralKey, { ephemeralKey, recipient: rawSealingKey(recipient) }, purpose);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  key.fill(0);
  decipher.setAuthTag(ciphertext.subarray(-tagBytes));
  const secret = decipher.update(ciphertext.subarray(0, -tagBytes));
  try {
    decipher.final();
    return secret;
  } catch (cause) {
    secret.fill(0);
    throw new SealError("the secret was not sealed to this agent process for this session", { cause });
  }
}

function agree(
  own: KeyObject,
  peer: Uint8Array,
  salt: { ephemeralKey: Uint8Array; recipient: Uint8Array },
  { agentId, subjectId }: SealedFor,
): Buffer {
  if (peer.length !== sealingKeyBytes) throw new SealError(`a key of ${peer.length} bytes, expected ${sealingKeyBytes}`);
  let shared: Buffer;
  try {
    // Points of small order give the same secret to everybody; OpenSSL refuses to agree with them (RFC 7748 §6.1).
    shared = diffieHellman({
      privateKey: own,
      publicKey: createPublicKey({ key: Buffer.concat([spkiPrefix, peer]), format: "der", type: "spki" }),
    });
  } catch (cause) {
    throw new SealError("the key is no point to agree with", { cause });
  }
  const key = hkdfSync(
    "sha256",
    shared,
    Buffer.concat([salt.ephemeralKey, salt.recipient]),
    `${sealContext}${agentId}\0${subjectId}`,
    32,
  );
  shared.fill(0);
  return Buffer.from(key);
}

/** Who a sealing key belongs to. */
export type SealingKeyOwner = { hubId: string; agentId: string };

/** The agent's word, by its Ed25519 identity key, that `sealingKey` (raw, 32 bytes) is its own: no broker may put another in its place. */
export function signSealingKey(sealingKey: Uint8Array, owner: SealingKeyOwner, agentKey: KeyObject): Buffer {
  return sign(null, keyStatement(sealingKey, owner), agentKey);
}

/** True when the agent with this enrolled public key said so of `sealingKey`. Only then anything may be sealed to it. */
export function checkSealingKey(
  { sealingKey, signature }: { sealingKey: Uint8Array; signature: Uint8Array },
  owner: SealingKeyOwner,
  agentPublicKey: KeyObject,
): boolean {
  if (sealingKey.length !== sealingKeyBytes || signature.length !== 64) return false;
  return verify(null, keyStatement(sealingKey, owner), agentPublicKey, signature);
}

const keyStatement = (sealingKey: Uint8Array, { hubId, agentId }: SealingKeyOwner): Buffer =>
  Buffer.concat([Buffer.from(`${keyContext}${hubId}\0${agentId}\0`), sealingKey]);

// What signs in: a password, or a private SSH key. Pure; knows what keys look like, not where they are kept.
import { randomInt } from "node:crypto";
import ssh2 from "ssh2";
import { z } from "zod";
import { HubError } from "../platform/errors.ts";

const secretShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("password"), password: z.string() }),
  z.object({ kind: z.literal("ssh-key"), privateKey: z.string(), passphrase: z.string().nullable() }),
]);
export type Secret = z.infer<typeof secretShape>;

export const parseSecret = (text: string): Secret => secretShape.parse(JSON.parse(text));

/** A key that can sign, with its public half in SSH wire format. `type` as in authorized_keys; a signature is the blob of RFC 4253 §6.6 without its name. */
export type SigningKey = { type: string; publicKey: Buffer; sign(data: Buffer, algorithm?: string): Buffer };

/** @throws HubError `bad-key` that names no byte of it. */
export function readPrivateKey({ privateKey, passphrase }: { privateKey: string; passphrase: string | null }): SigningKey {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase ?? undefined);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey())
    throw new HubError(
      "bad-key",
      key instanceof Error && /passphrase|encrypted|integrity|decrypt/i.test(key.message)
        ? "The private key has a passphrase, and the one given does not open it."
        : "That is no private key: paste the whole file in OpenSSH or PEM format, with its first and last line.",
    );
  return {
    type: key.type,
    publicKey: key.getPublicSSH(),
    sign: (data, algorithm) => {
      const signature: unknown = key.sign(data, algorithm);
      if (!Buffer.isBuffer(signature)) throw new HubError("bad-key", "The private key could not sign.");
      return key.type.startsWith("ecdsa-") ? mpintsOf(signature) : signature;
    },
  };
}

/** From the DER of an ECDSA signature (RFC 3279 §2.2.3) to SSH's (RFC 5656 §3.1.2): an INTEGER's content is an mpint's. */
function mpintsOf(der: Buffer): Buffer {
  let at = der.readUInt8(1) < 0x80 ? 2 : 2 + (der.readUInt8(1) & 0x7f);
  const integer = (): Buffer => {
    const length = der.readUInt8(at + 1);
    const content = der.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(length);
    return Buffer.concat([size, content]);
  };
  return Buffer.concat([integer(), integer()]);
}

/** One key in 256 comes out of ssh2 1.17.0 in a form that nobody reads; so many in a row would be something else. */
const keyTriesMax = 20;

/** A new Ed25519 key pair in OpenSSH's format, read once before it is given. */
export function generateKey(comment: string): { privateKey: string; publicKey: string } {
  for (let tries = 0; tries < keyTriesMax; tries++) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment });
    const read = ssh2.utils.parseKey(pair.private);
    const key = Array.isArray(read) ? read[0] : read;
    if (key !== undefined && !(key instanceof Error)) return { privateKey: pair.private, publicKey: pair.public.trim() };
  }
  throw new Error(`no readable key in ${keyTriesMax} tries`);
}

/** Letters and digits that nobody mistakes, and signs that no shell, configuration file or keyboard takes amiss. */
const passwordLetters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.+=";
/** 24 of 62 are 142 bits. */
const passwordLength = 24;

export const generatePassword = (): string =>
  Array.from({ length: passwordLength }, () => passwordLetters.charAt(randomInt(passwordLetters.length))).join("");

/** The line of authorized_keys. */
export const authorizedKey = (key: Pick<SigningKey, "type" | "publicKey">, comment: string): string =>
  `${key.type} ${key.publicKey.toString("base64")} ${comment}`;

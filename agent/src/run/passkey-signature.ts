// An approver's own signature: a WebAuthn assertion whose challenge is what was approved (W3C WebAuthn Level 2, §7.2). Checked here against keys that the
// host's owner wrote down, so that not even whoever has the hub can make one.
import { createHash, type KeyObject, verify } from "node:crypto";
import type { wire } from "@sallyport/protocol/wire";
import type { Approver } from "../policy.ts";
import { parseObject } from "../state/identity.ts";

/** Of authenticator data, byte 32: the person was there, and was recognised. */
const userPresent = 0x01;
const userVerified = 0x04;
/** rpIdHash, flags, counter. */
const authenticatorDataBytesMin = 37;
const authenticatorDataBytesMax = 1_024;
const clientDataBytesMax = 4_096;

/** @param challenge 32 bytes, see approvalChallenge(). */
export function isSignedBy(
  { site, key }: Pick<Approver, "site" | "key">,
  {
    authenticatorData = new Uint8Array(),
    clientData = new Uint8Array(),
    signature = new Uint8Array(),
  }: wire.PasskeySignature.$Properties,
  challenge: Uint8Array,
): boolean {
  const [data, client, signed] = [
    Buffer.from(authenticatorData ?? []),
    Buffer.from(clientData ?? []),
    Buffer.from(signature ?? []),
  ];
  if (data.length < authenticatorDataBytesMin || data.length > authenticatorDataBytesMax) return false;
  if (client.length > clientDataBytesMax) return false;
  const said = parseObject(client.toString());
  if (said === null) return false;
  if (Reflect.get(said, "type") !== "webauthn.get") return false;
  if (Reflect.get(said, "challenge") !== Buffer.from(challenge).toString("base64url")) return false;
  if (Reflect.get(said, "crossOrigin") === true) return false;
  if (!data.subarray(0, 32).equals(createHash("sha256").update(site).digest())) return false;
  const flags = data[32] ?? 0;
  if ((flags & userPresent) === 0 || (flags & userVerified) === 0) return false;
  const algorithm = algorithmOf(key);
  if (algorithm === null) return false;
  try {
    return verify(algorithm.hash, Buffer.concat([data, createHash("sha256").update(client).digest()]), key, signed);
  } catch {
    return false; // a signature that is no DER, for one
  }
}

/** ES256, EdDSA and RS256: what authenticators have. Null for another key. */
function algorithmOf(key: KeyObject): { hash: string | null } | null {
  switch (key.asymmetricKeyType) {
    case "ec":
      return key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? { hash: "sha256" } : null;
    case "ed25519":
      return { hash: null };
    case "rsa":
      return { hash: "sha256" };
    default:
      return null;
  }
}

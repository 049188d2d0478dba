// A passkey's public key as other programs take it: the host's owner writes it down, and his agent checks with it.
import { createPublicKey } from "node:crypto";
import { cose, decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";

const curves = new Map<number, string>([
  [cose.COSECRV.P256, "P-256"],
  [cose.COSECRV.ED25519, "Ed25519"],
]);

/** @param coseKey base64, as it is kept. @returns SPKI in DER, base64; null for a key of a kind that agents do not check. */
export function spkiOf(coseKey: string): string | null {
  const key = decodeCredentialPublicKey(Uint8Array.from(Buffer.from(coseKey, "base64")));
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("base64url");
  const jwk = (() => {
    if (cose.isCOSEPublicKeyEC2(key)) {
      const crv = curves.get(key.get(cose.COSEKEYS.crv) ?? 0);
      return crv === undefined ? null : { kty: "EC", crv, x: text(key.get(cose.COSEKEYS.x)), y: text(key.get(cose.COSEKEYS.y)) };
    }
    if (cose.isCOSEPublicKeyOKP(key)) {
      const crv = curves.get(key.get(cose.COSEKEYS.crv) ?? 0);
      return crv === undefined ? null : { kty: "OKP", crv, x: text(key.get(cose.COSEKEYS.x)) };
    }
    if (cose.isCOSEPublicKeyRSA(key)) return { kty: "RSA", n: text(key.get(cose.COSEKEYS.n)), e: text(key.get(cose.COSEKEYS.e)) };
    return null;
  })();
  if (jwk === null) return null;
  return createPublicKey({ key: jwk, format: "jwk" }).export({ format: "der", type: "spki" }).toString("base64");
}

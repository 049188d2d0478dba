// The MQTT password of an agent: a short statement signed with its own key and tied to this very TLS connection.
import { type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { sallyport } from "./gen/wire.js";

const context = Buffer.from("sallyport/link/v1\0");

/** Label of the TLS exporter (RFC 5705) whose 32 bytes tie a token to its connection. */
export const exporterLabel = "EXPORTER-sallyport-link-v1";
export const exporterBytes = 32;

/** A token longer than this is not ours. */
const tokenCharsMax = 1_024;

export type LinkClaims = { agentId: string; hubId: string; issuedAtMs: number; binding: Uint8Array };

/** Makes the token for one TLS connection, named by its exporter bytes. */
export function signLinkToken(claims: LinkClaims, agentKey: KeyObject): string {
  const unsigned = { ...claims, nonce: randomBytes(16) };
  const signature = sign(null, Buffer.concat([context, sallyport.LinkToken.encode(unsigned).finish()]), agentKey);
  return Buffer.from(sallyport.LinkToken.encode({ ...unsigned, signature }).finish()).toString("base64url");
}

export type LinkRefusal = "malformed" | "wrong-hub" | "bad-signature" | "wrong-connection";

/** Reads the agent id a token speaks of, before anything is believed; null when it is no token. */
export function peekLinkToken(token: string): string | null {
  return parse(token)?.agentId ?? null;
}

/**
 * Checks a token against the enrolled public key and this connection. A token seen elsewhere is worth nothing:
 * its exporter bytes are another connection's. So no clock is asked, and a host with a wrong one can still link.
 */
export function checkLinkToken(
  token: string,
  expected: { hubId: string; publicKey: KeyObject; binding: Uint8Array },
): { ok: true; agentId: string } | { ok: false; code: LinkRefusal } {
  const parsed = parse(token);
  if (parsed === null) return { ok: false, code: "malformed" };
  if (parsed.hubId !== expected.hubId) return { ok: false, code: "wrong-hub" };
  const { signature, ...claims } = parsed;
  const signed = Buffer.concat([context, sallyport.LinkToken.encode(claims).finish()]);
  if (signature.length !== 64 || !verify(null, signed, expected.publicKey, signature))
    return { ok: false, code: "bad-signature" };
  if (parsed.binding.length !== exporterBytes || Buffer.compare(parsed.binding, expected.binding) !== 0)
    return { ok: false, code: "wrong-connection" };
  return { ok: true, agentId: parsed.agentId };
}

function parse(token: string) {
  if (token.length > tokenCharsMax || !/^[A-Za-z0-9_-]+$/.test(token)) return null;
  try {
    const { agentId, hubId, issuedAtMs, nonce, binding, signature } = sallyport.LinkToken.decode(Buffer.from(token, "base64url"));
    if (nonce.length !== 16 || !Number.isSafeInteger(issuedAtMs)) return null;
    return { agentId, hubId, issuedAtMs, nonce, binding, signature };
  } catch {
    return null;
  }
}

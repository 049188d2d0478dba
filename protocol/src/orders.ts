// Signed orders: what makes an agent act. The broker, the database and the network may lie; this signature may not.
import { type KeyObject, sign, verify } from "node:crypto";
import { clockSkewMsMax } from "./limits.ts";
import { decodeOrder, encodeOrder, isWireNumber, WireError, type wire } from "./wire.ts";

const context = Buffer.from("sallyport/order/v1\0");

/** Signs an order with the hub's Ed25519 key. */
export function signOrder(order: wire.Order.$Properties, hubKey: KeyObject): wire.SignedOrder.$Properties {
  const bytes = encodeOrder(order);
  return { order: bytes, signature: sign(null, Buffer.concat([context, bytes]), hubKey) };
}

export type OrderRefusal = "bad-signature" | "wrong-agent" | "expired" | "not-yet" | "malformed";
export type CheckedOrder = { ok: true; order: wire.Order } | { ok: false; code: OrderRefusal };

/**
 * Checks signature, addressee and dates; nothing of the order is read before the signature holds.
 * Replay is the caller's to refuse: it needs the highest sequence seen, on disk.
 *
 * @param nowMs the hub's clock as the agent knows it, ms since the epoch.
 */
export function checkOrder(
  signed: wire.SignedOrder.$Properties,
  agentId: string,
  hubPublicKey: KeyObject,
  nowMs: number,
): CheckedOrder {
  const bytes = signed.order ?? new Uint8Array();
  const signature = signed.signature ?? new Uint8Array();
  if (signature.length !== 64 || !verify(null, Buffer.concat([context, bytes]), hubPublicKey, signature))
    return { ok: false, code: "bad-signature" };
  let order: wire.Order;
  try {
    order = decodeOrder(bytes);
  } catch (error) {
    if (error instanceof WireError) return { ok: false, code: "malformed" };
    throw error;
  }
  if (order.agentId !== agentId) return { ok: false, code: "wrong-agent" };
  if (
    !isWireNumber(order.sequence) ||
    order.sequence === 0 ||
    !isWireNumber(order.issuedAtMs) ||
    !isWireNumber(order.expiresAtMs)
  )
    return { ok: false, code: "malformed" };
  if (nowMs > order.expiresAtMs) return { ok: false, code: "expired" };
  if (nowMs + clockSkewMsMax < order.issuedAtMs) return { ok: false, code: "not-yet" };
  return { ok: true, order };
}

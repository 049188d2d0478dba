// The hub's signature for a connection to a neighbour, or why there is none.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";

export function onSignAnswer(
  { asks }: Pick<AgentParts, "asks">,
  { sequence, signature, refused }: wire.SignAnswer.$Properties,
): void {
  if (refused || !signature?.length) asks.onSigned(sequence ?? 0, { ok: false, why: refused || "the hub did not sign" });
  else asks.onSigned(sequence ?? 0, { ok: true, signature: Buffer.from(signature) });
}

// Order: connect to a TCP port, if the order may name it. Answered once the connection stands or has failed.
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenDial(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenDial.$Properties,
): Promise<Outcome> {
  return sessions.openDial(sequence, order);
}

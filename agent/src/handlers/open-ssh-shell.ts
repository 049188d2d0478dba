// Order: start a login shell on a neighbour, as the account the order names. Answered once it runs or has failed.
import type { wire } from "@sallyport/protocol/wire";
import { type Outcome, refused } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenSshShell(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenShell.$Properties,
): Outcome | Promise<Outcome> {
  if (!order.ssh) return refused("malformed", "The order names no neighbour.");
  return sessions.openNeighbour(sequence, order, order.ssh);
}

// Order: start a login shell on a pty: as the account this agent runs as, or on a neighbour as the account the order names.
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenShell(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenShell.$Properties,
): Outcome | Promise<Outcome> {
  return order.ssh ? sessions.openNeighbour(sequence, order, order.ssh) : sessions.openShell(sequence, order);
}

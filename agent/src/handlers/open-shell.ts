// Order: start a login shell on a pty, as the account this agent runs as.
import type { wire } from "@sallyport/protocol/wire";
import { type Outcome, refused } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenShell(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenShell.$Properties,
): Outcome {
  if (order.ssh) return refused("malformed", "A shell on a neighbour is an order of its own.");
  return sessions.openShell(sequence, order);
}

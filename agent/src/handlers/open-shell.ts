// Order: start a login shell on a pty, as the account this agent runs as.
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenShell(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenShell.$Properties,
): Outcome {
  return sessions.openShell(sequence, order);
}

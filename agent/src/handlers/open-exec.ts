// Order: run a command on a neighbour. Answered once it runs, or has been refused.
import type { wire } from "@sallyport/protocol/wire";
import type { Outcome } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";

export function onOpenExec(
  { sessions }: Pick<AgentParts, "sessions">,
  sequence: number,
  order: wire.OpenExec.$Properties,
): Promise<Outcome> {
  return sessions.openExec(sequence, order);
}

// Order: what an execution asked for. Answered once it has begun or its neighbour has let us in, or with why not.
import type { wire } from "@sallyport/protocol/wire";
import { type Outcome, refused } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

export function onEquipRun(
  { runs }: Pick<AgentParts, "runs">,
  sequence: number,
  order: wire.EquipRun.$Properties,
): Outcome | Promise<Outcome> {
  const key = executionKeyOf(order);
  const execution = key === null ? undefined : runs.get(key);
  if (execution?.phase !== "running") return refused("policy", "Nothing of this execution waits for it.");
  return execution.carrier.equip(sequence, order);
}

// Order: end an execution. One that is not here, or has ended, needs no ending, so that is no failure.
import type { wire } from "@sallyport/protocol/wire";
import { accepted, type Outcome } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

/** Longer would be a way to keep a script that a person wants ended. */
const graceSecondsMax = 600;

export function onCancelRun({ runs }: Pick<AgentParts, "runs">, order: wire.CancelRun.$Properties): Outcome {
  const key = executionKeyOf(order);
  const execution = key === null ? undefined : runs.get(key);
  if (execution !== undefined) runs.stop(execution, Math.min(graceSecondsMax, order.graceSeconds ?? 0));
  return accepted;
}

// The hub has committed a result: the execution may be forgotten. Only one that has ended; anything else is not acknowledged yet.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

export function onRunResultAck({ runs }: Pick<AgentParts, "runs">, ack: wire.RunResultAck.$Properties): void {
  const key = executionKeyOf(ack);
  if (key !== null && runs.get(key)?.phase === "ended") runs.forget(key);
}

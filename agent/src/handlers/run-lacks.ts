// The hub has nothing to give to an execution that asked.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

export function onRunLacks({ runs }: Pick<AgentParts, "runs">, lacks: wire.RunLacks.$Properties): void {
  const key = executionKeyOf(lacks);
  const execution = key === null ? undefined : runs.get(key);
  if (execution?.phase === "running") execution.carrier.lacks(lacks.final === true, lacks.message ?? "");
}

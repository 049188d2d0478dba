// The hub's word on a claim: begin, or forget it. A second word about the same claim changes nothing.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";
import { executionKeyOf } from "../run/run-order.ts";

export function onRunGo(
  { runs, log }: Pick<AgentParts, "runs" | "log">,
  { executionId, attempt, go, reason }: wire.RunGo.$Properties,
): void {
  const key = executionKeyOf({ executionId: executionId ?? null, attempt: attempt ?? null });
  const execution = key === null ? undefined : runs.get(key);
  if (key === null || execution === undefined || execution.phase !== "claimed") return;
  if (go) {
    runs.begin(execution);
    return;
  }
  log.info(`execution ${key.executionId} not begun: ${reason ?? ""}`);
  runs.forget(key);
}

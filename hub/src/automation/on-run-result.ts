// An execution ended. Idempotent: the agent repeats the result until it is acknowledged, which happens after the commit.

import { textBytesMax } from "@sallyport/protocol/limits";
import { wire } from "@sallyport/protocol/wire";
import { and, eq } from "drizzle-orm";
import { shortText } from "../platform/text.ts";
import { artefactsOf } from "./artefact-log.ts";
import type { AutomationDeps } from "./deps.ts";
import type { ExecutionReason } from "./execution-state.ts";
import { dateOf } from "./on-run-claim.ts";
import { passedOn } from "./pass-on.ts";
import { placingOf } from "./placing.ts";
import { executions } from "./schema.ts";
import { settleExecution } from "./settle.ts";

export async function onRunResult(deps: AutomationDeps, agentId: string, result: wire.RunResult.$Properties): Promise<void> {
  const executionId = result.executionId ?? "";
  const attempt = result.attempt ?? 0;
  const acknowledge = () => deps.links.get(agentId)?.send({ runResultAck: { executionId, attempt } });
  const [execution] = await deps.db
    .select()
    .from(executions)
    .where(and(eq(executions.id, executionId), eq(executions.agentId, agentId)));
  // Nothing of ours, or settled before: the agent may forget it.
  if (
    execution === undefined ||
    execution.attempt !== attempt ||
    (execution.state === "finished" && execution.reason !== "lost")
  ) {
    acknowledge();
    return;
  }
  const output = deps.outputs.get(executionId);
  const printed = (result.stdoutBytes ?? 0) + (result.stderrBytes ?? 0) + (result.artefactBytes ?? 0) > 0;
  // Its last bytes are still on their way to the disk: no answer, the agent asks again.
  if (
    output === undefined
      ? printed && execution.logHead === null && execution.reason !== "lost"
      : !output.holds(result.stdoutBytes ?? 0, result.stderrBytes ?? 0, result.artefactBytes ?? 0)
  )
    return;
  const reason = reasonOf(result);
  if (reason === "unreachable" && (await passedOn(deps, execution))) {
    acknowledge();
    return;
  }
  await settleExecution(deps, execution, {
    reason,
    exitCode: result.exited === true ? (result.exitCode ?? 0) : null,
    signal: shortText(result.signal, 32) || null,
    message: shortText(result.message, textBytesMax) || null,
    startedAt: dateOf(result.startedAtMs),
    endedAt: dateOf(result.endedAtMs) ?? deps.clock.now(),
    truncated: result.truncated === true,
    artefacts: artefactsOf(result),
    placing: (result.files ?? []).length > 0 ? placingOf(result.files ?? [], deps.placings.get(executionId)?.bytes ?? 0) : null,
  });
  acknowledge();
}

/** What an agent says of an approval it did not follow. */
const approvalReasons = ["approval-missing", "approval-does-not-fit", "approval-over"] as const;

function reasonOf(result: wire.RunResult.$Properties): ExecutionReason {
  switch (result.end) {
    case wire.RunEnd.RUN_EXITED:
      return result.exited === true && (result.exitCode ?? 0) === 0 ? "finished" : "failed";
    case wire.RunEnd.RUN_TIMEOUT:
      return "timeout";
    case wire.RunEnd.RUN_STOPPED:
      return "stopped";
    case wire.RunEnd.RUN_SPAWN_FAILED:
      return "spawn-failed";
    case wire.RunEnd.RUN_REFUSED:
      return approvalReasons.find((one) => one === result.refusal) ?? "refused";
    case wire.RunEnd.RUN_AGENT_RESTARTED:
      return "agent-restarted";
    case wire.RunEnd.RUN_UNREACHABLE:
      return "unreachable";
    case wire.RunEnd.RUN_NOT_PLACED:
      return "not-placed";
    case wire.RunEnd.RUN_LOST:
      return "lost";
    default:
      return "unknown";
  }
}

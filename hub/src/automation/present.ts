// Runs and executions as the console and the API see them.
import { executionsAtOnceMax } from "@sallyport/protocol/limits";
import type { ExecutionOutputs } from "./execution-output.ts";
import { runOutcomeOf } from "./run-state.ts";
import type { ExecutionWithNames, RunWithCounts } from "./runs.ts";

export function presentRun({ run, creator, counts }: RunWithCounts, now: Date) {
  return {
    id: run.id,
    title: run.title,
    interpreter: run.interpreter,
    scriptHash: run.scriptHash,
    state: run.state,
    outcome: runOutcomeOf(counts),
    counts,
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    endedAt: run.endedAt?.toISOString() ?? null,
    durationMs: run.startedAt === null ? null : (run.endedAt ?? now).getTime() - run.startedAt.getTime(),
    createdBy: { id: run.createdBy, name: creator },
  };
}

/** Why an execution has not begun, in a word the console turns into a sentence. */
function waitingFor(execution: ExecutionWithNames["execution"], online: boolean, activeOnAgent: number) {
  if (execution.state !== "queued" && execution.state !== "offered") return null;
  if (!online) return "offline" as const;
  return activeOnAgent >= executionsAtOnceMax ? ("busy" as const) : ("not-yet" as const);
}

export function presentExecution(
  { execution, assetName, zoneName }: ExecutionWithNames,
  live: { outputs: ExecutionOutputs; isOnline(agentId: string): boolean },
  now: Date,
) {
  const output = live.outputs.get(execution.id);
  const active = live.outputs.all().filter((one) => one.agentId === execution.agentId).length;
  return {
    id: execution.id,
    assetId: execution.assetId,
    assetName,
    agentId: execution.agentId,
    zone: zoneName,
    state: execution.state,
    exitCode: execution.exitCode,
    signal: execution.signal,
    reason: execution.reason,
    waiting: waitingFor(execution, live.isOnline(execution.agentId), active),
    message: execution.message,
    startedAt: execution.startedAt?.toISOString() ?? null,
    endedAt: execution.endedAt?.toISOString() ?? null,
    durationMs: execution.startedAt === null ? null : (execution.endedAt ?? now).getTime() - execution.startedAt.getTime(),
    stdoutBytes: output?.log.end("output") ?? execution.stdoutBytes,
    stderrBytes: output?.log.end("stderr") ?? execution.stderrBytes,
    truncated: execution.truncated,
  };
}

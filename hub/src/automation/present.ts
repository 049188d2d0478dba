// Runs and executions as the console and the API see them.
import { executionsAtOnceMax } from "@sallyport/protocol/limits";
import type { ExecutionOutputs } from "./execution-output.ts";
import { runOutcomeOf } from "./run-state.ts";
import type { ExecutionWithNames, RunWithCounts } from "./runs.ts";

export function presentRun({ run, creator, script, counts }: RunWithCounts, now: Date) {
  return {
    id: run.id,
    title: run.title,
    trigger: run.trigger,
    taskId: run.taskId,
    script: script === null ? null : { id: script.id, name: script.name, version: run.scriptVersion ?? 0 },
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

/**
 * Why an execution has not begun, a word the console turns into a sentence: its turn in a rolling run has not come; the run waits for a person after
 * its canaries, or after too many failures; no agent that reaches it is online; its agent has its hands full; or it is only a moment.
 */
export const waitingFor = ["turn", "paused", "halted", "offline", "busy", "not-yet"] as const;

function whyWaiting(
  { execution, runState }: Pick<ExecutionWithNames, "execution" | "runState">,
  online: boolean,
  activeOnAgent: number,
): (typeof waitingFor)[number] | null {
  if (execution.state === "held") return runState === "paused" || runState === "halted" ? runState : "turn";
  if (execution.state !== "queued" && execution.state !== "offered") return null;
  if (!online) return "offline";
  return activeOnAgent >= executionsAtOnceMax ? "busy" : "not-yet";
}

/** `isOnline`: of an agent; `isReached`: whether some agent of a zone is. */
export type Live = { outputs: ExecutionOutputs; isOnline(agentId: string): boolean; isReached(zoneId: string): boolean };

export function presentExecution({ execution, assetName, zoneName, runState }: ExecutionWithNames, live: Live, now: Date) {
  const output = live.outputs.get(execution.id);
  const { agentId, zoneId } = execution;
  const online = agentId !== null ? live.isOnline(agentId) : zoneId !== null && live.isReached(zoneId);
  const active = agentId === null ? 0 : live.outputs.countOf(agentId);
  return {
    id: execution.id,
    assetId: execution.assetId,
    assetName,
    agentId,
    zone: zoneName,
    state: execution.state,
    exitCode: execution.exitCode,
    signal: execution.signal,
    reason: execution.reason,
    waiting: whyWaiting({ execution, runState }, online, active),
    message: execution.message,
    startedAt: execution.startedAt?.toISOString() ?? null,
    endedAt: execution.endedAt?.toISOString() ?? null,
    durationMs: execution.startedAt === null ? null : (execution.endedAt ?? now).getTime() - execution.startedAt.getTime(),
    stdoutBytes: output?.log.end("output") ?? execution.stdoutBytes,
    stderrBytes: output?.log.end("stderr") ?? execution.stderrBytes,
    truncated: execution.truncated,
  };
}

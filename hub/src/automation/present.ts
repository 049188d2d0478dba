// Runs and executions as the console and the API see them.
import { executionsAtOnceMax, neighbourExecutionsAtOnceMax } from "@sallyport/protocol/limits";
import { archiveChannel } from "./artefact-log.ts";
import type { ExecutionOutputs } from "./execution-output.ts";
import type { Placing } from "./input.ts";
import { runOutcomeOf } from "./run-state.ts";
import type { ExecutionWithNames, RunWithCounts } from "./runs.ts";

export function presentRun({ run, creator, script, counts }: RunWithCounts, now: Date) {
  return {
    id: run.id,
    title: run.title,
    trigger: run.trigger,
    taskId: run.taskId,
    ticketId: run.ticketId,
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
 * its canaries, or after too many failures; no agent that reaches it is online; none that is knows scripts for neighbours; its agent has its hands full; or
 * it is only a moment.
 */
export const waitingFor = ["turn", "paused", "halted", "offline", "too-old", "busy", "not-yet"] as const;

function whyWaiting(
  { execution, runState }: Pick<ExecutionWithNames, "execution" | "runState">,
  reached: Reached,
  activeOnAgent: number,
): (typeof waitingFor)[number] | null {
  if (execution.state === "held") return runState === "paused" || runState === "halted" ? runState : "turn";
  if (execution.state !== "queued" && execution.state !== "offered") return null;
  if (reached !== "yes") return reached;
  const most = execution.zoneId === null ? executionsAtOnceMax : neighbourExecutionsAtOnceMax;
  return activeOnAgent >= most ? "busy" : "not-yet";
}

/** Whether somebody is there to take an execution, or why nobody is. */
export type Reached = "yes" | "offline" | "too-old";
/** `isOnline`: of an agent; `reached`: of the neighbours of a zone. */
export type Live = {
  outputs: ExecutionOutputs;
  placings: ReadonlyMap<string, Placing>;
  isOnline(agentId: string): boolean;
  reached(zoneId: string): Reached;
};

export function presentExecution(row: ExecutionWithNames, live: Live, now: Date) {
  const { execution, assetName, zoneName, agentName, region, runState } = row;
  const output = live.outputs.get(execution.id);
  const { agentId, zoneId } = execution;
  const own = agentId !== null && live.isOnline(agentId) ? "yes" : "offline";
  const reached = agentId === null && zoneId !== null ? live.reached(zoneId) : own;
  const active = agentId === null ? 0 : live.outputs.countOf(agentId);
  return {
    id: execution.id,
    assetId: execution.assetId,
    assetName,
    agentId,
    agentName,
    zone: zoneName,
    region,
    state: execution.state,
    exitCode: execution.exitCode,
    signal: execution.signal,
    reason: execution.reason,
    waiting: whyWaiting({ execution, runState }, reached, active),
    message: execution.message,
    startedAt: execution.startedAt?.toISOString() ?? null,
    endedAt: execution.endedAt?.toISOString() ?? null,
    durationMs: execution.startedAt === null ? null : (execution.endedAt ?? now).getTime() - execution.startedAt.getTime(),
    stdoutBytes: output?.log.end("output") ?? execution.stdoutBytes,
    stderrBytes: output?.log.end("stderr") ?? execution.stderrBytes,
    truncated: execution.truncated,
    lastLine: execution.lastLine,
    artefacts:
      execution.artefacts === null
        ? null
        : { ...execution.artefacts, bytes: output?.artefacts?.end(archiveChannel) ?? execution.artefacts.bytes },
    placing: live.placings.get(execution.id) ?? execution.placing,
  };
}

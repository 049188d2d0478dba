// Ends executions, and with the last one their run.
import { and, asc, inArray, sql } from "drizzle-orm";
import { inPieces, type Transaction } from "../platform/database.ts";
import { gathered } from "../platform/gathered.ts";
import { errorFields } from "../platform/log.ts";
import { archiveChannel, artefactLogOf } from "./artefact-log.ts";
import type { AutomationDeps, ExecutionEnd } from "./deps.ts";
import { type ExecutionReason, waitingStates } from "./execution-state.ts";
import type { Artefacts, Placing } from "./input.ts";
import { refreshRun } from "./refresh-run.ts";
import { type ExecutionRow, executions } from "./schema.ts";
import { type Released, tellAgents } from "./tell-agents.ts";

export type Settlement = {
  reason: ExecutionReason;
  exitCode?: number | null;
  signal?: string | null;
  message?: string | null;
  startedAt?: Date | null;
  endedAt?: Date;
  truncated?: boolean;
  placing?: Placing | null;
  /** As the agent tells it; how large the archive is, the hub knows. */
  artefacts?: Omit<Artefacts, "bytes"> | null;
};

/** Ends of many executions in one transaction: a run over a thousand hosts looks at its counts once for all that ended meanwhile. */
export function committingEnds(deps: Pick<AutomationDeps, "db" | "clock" | "links">): (end: ExecutionEnd) => Promise<void> {
  return gathered(async (ends) => {
    const released = await deps.db.transaction(async (tx) => {
      await lockInOrder(
        tx,
        ends.map(({ id }) => id),
      );
      await tx.execute(endStatement(ends));
      const released: Released[] = [];
      for (const runId of [...new Set(ends.map((end) => end.runId))].sort())
        released.push(...(await refreshRun(deps, tx, runId)));
      return released;
    });
    await tellAgents(deps, released);
    return ends.map(() => undefined);
  });
}

/** Of two ends of one execution in a batch the first is taken, as it would be one after the other. */
function endStatement(ends: ExecutionEnd[]) {
  const first = [...new Map(ends.toReversed().map((end) => [end.id, end])).values()];
  const rows = first.map(({ output, ...end }) => ({ ...end, ...output, printed: output !== null }));
  return sql`
    update executions set
      state = 'finished', reason = ended.reason, exit_code = ended."exitCode", signal = ended.signal, message = ended.message,
      started_at = coalesce(ended."startedAt", executions.started_at), ended_at = ended."endedAt", truncated = ended.truncated,
      stdout_bytes = case when ended.printed then ended."stdoutBytes" else executions.stdout_bytes end,
      stderr_bytes = case when ended.printed then ended."stderrBytes" else executions.stderr_bytes end,
      log_head = case when ended.printed then ended."logHead" else executions.log_head end,
      placed_files = coalesce(ended."placing", executions.placed_files),
      artefacts = coalesce(ended.artefacts, executions.artefacts),
      digest = case when ended.printed then ended.digest else executions.digest end,
      value_digest = case when ended.printed then ended."valueDigest" else executions.value_digest end,
      last_line = case when ended.printed then ended."lastLine" else executions.last_line end
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as ended(
      id text, reason text, "exitCode" int, signal text, message text, "startedAt" timestamptz, "endedAt" timestamptz,
      truncated boolean, printed boolean, "stdoutBytes" bigint, "stderrBytes" bigint, "logHead" text, digest text,
      "valueDigest" text, "lastLine" text, "placing" jsonb, artefacts jsonb)
    where executions.id = ended.id and (executions.state <> 'finished' or executions.reason = 'lost')`;
}

/** Finished is final, but for one case: what was given up as lost and came back late is believed, once. */
export async function settleExecution(
  deps: AutomationDeps,
  execution: Pick<ExecutionRow, "id" | "runId" | "orgId">,
  settlement: Settlement,
): Promise<void> {
  const output = deps.outputs.get(execution.id);
  if (output !== undefined) {
    await output.log
      .close()
      .catch((error: unknown) => deps.log.error({ execution: execution.id, ...errorFields(error) }, "log not closed"));
    await output.artefacts
      ?.close()
      .catch((error: unknown) => deps.log.error({ execution: execution.id, ...errorFields(error) }, "archive not closed"));
    output.close("settled");
  } else {
    // What an earlier hub process left. A late result still finds it: a closed log can be gone on with.
    for (const id of [execution.id, artefactLogOf(execution.id)])
      await deps.store
        .seal(id)
        .catch((error: unknown) =>
          deps.log.error({ execution: execution.id, ...errorFields(error) }, "left-over log not sealed"),
        );
  }
  const archiveBytes = await archiveBytesOf(deps, execution.id).catch((error: unknown) => {
    deps.log.error({ execution: execution.id, ...errorFields(error) }, "archive cannot be read");
    return null; // the end of the script is told all the same
  });
  await deps.commitEnd({
    id: execution.id,
    runId: execution.runId,
    reason: settlement.reason,
    exitCode: settlement.exitCode ?? null,
    signal: settlement.signal ?? null,
    message: settlement.message ?? null,
    startedAt: settlement.startedAt ?? null,
    endedAt: settlement.endedAt ?? deps.clock.now(),
    truncated: settlement.truncated ?? false,
    artefacts: archiveBytes === null ? null : { listed: [], unlisted: 0, ...settlement.artefacts, bytes: archiveBytes },
    placing: settlement.placing ?? deps.placings.get(execution.id) ?? null,
    output:
      output === undefined
        ? null
        : {
            stdoutBytes: output.log.end("output"),
            stderrBytes: output.log.end("stderr"),
            logHead: output.log.head,
            ...output.digests(),
            lastLine: output.lastLine(settlement.reason !== "finished"),
          },
  });
  deps.placings.delete(execution.id);
  deps.outputs.remove(execution.id); // not before: should the database refuse, the agent's next try finds it
  deps.changes.announce(execution.orgId, "runs", execution.runId);
  deps.changes.announce(execution.orgId, "execution", execution.id);
}

/** What is kept of what it collected; null where it has no archive. */
async function archiveBytesOf({ outputs, store }: AutomationDeps, executionId: string): Promise<number | null> {
  const output = outputs.get(executionId);
  if (output !== undefined) return output.artefacts?.end(archiveChannel) ?? null;
  if (!store.exists(artefactLogOf(executionId))) return null;
  const log = await store.open(artefactLogOf(executionId));
  try {
    return log.bytesOf(archiveChannel);
  } finally {
    await log.close();
  }
}

/** So many rows are locked, written and counted in some tens of milliseconds; people's requests come between two pieces. */
const endedAtOnce = 1_000;

/**
 * Ends executions that nobody has begun, and that have printed nothing: ten thousand with ten statements. One that has begun meanwhile goes on.
 */
export async function settleWaiting(
  deps: AutomationDeps,
  waiting: readonly Pick<ExecutionRow, "id" | "runId" | "orgId">[],
  settlement: Pick<Settlement, "reason" | "message">,
): Promise<void> {
  for (const piece of inPieces(waiting, endedAtOnce)) {
    const released = await deps.db.transaction(async (tx) => {
      const ids = piece.map(({ id }) => id);
      await lockInOrder(tx, ids);
      const runIds = await endWaiting(tx, ids, settlement, deps.clock.now());
      const released: Released[] = [];
      for (const runId of runIds) released.push(...(await refreshRun(deps, tx, runId)));
      return released;
    });
    await tellAgents(deps, released);
  }
  const runs = new Map(waiting.map(({ runId, orgId }) => [runId, orgId]));
  for (const [runId, orgId] of runs) deps.changes.announce(orgId, "runs", runId);
}

/** In the transaction of somebody who refreshes their runs, which are returned in the order of locking. */
export async function endWaiting(
  tx: Transaction,
  ids: readonly string[],
  { reason, message = null }: Pick<Settlement, "reason" | "message">,
  now: Date,
): Promise<string[]> {
  const ended = await tx
    .update(executions)
    .set({ state: "finished", reason, message, endedAt: now })
    .where(and(sql`${executions.id} = any(${sql.param([...ids])}::text[])`, inArray(executions.state, [...waitingStates])))
    .returning({ runId: executions.runId });
  return [...new Set(ended.map(({ runId }) => runId))].sort();
}

/** One order for all who lock several, so that no two wait for each other. */
async function lockInOrder(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx
    .select({ id: executions.id })
    .from(executions)
    .where(sql`${executions.id} = any(${sql.param([...ids])}::text[])`)
    .orderBy(asc(executions.id))
    .for("update");
}

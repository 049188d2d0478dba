// Brings a run's row in step with its executions, and lets the next of a rolling run go.
import { and, asc, count, eq, gt, inArray } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Transaction } from "../platform/database.ts";
import type { AutomationDeps } from "./deps.ts";
import { nextStep } from "./rolling.ts";
import { type RunCounts, runStateOf } from "./run-state.ts";
import { countsOf } from "./runs.ts";
import { executions, type RunRow, runs } from "./schema.ts";
import type { Released } from "./tell-agents.ts";
import { tellOfEnd, tellOfHalt } from "./tell-of-run.ts";

const minuteMs = 60_000;

/** The row is locked, so the last two to finish see each other. Returns what was let go, for tellAgents() after the commit. */
export async function refreshRun(deps: Pick<AutomationDeps, "clock">, tx: Transaction, runId: string): Promise<Released[]> {
  const [run] = await tx.select().from(runs).where(eq(runs.id, runId)).for("update");
  if (run === undefined) return [];
  const counts = (await countsOf(tx, [runId]))(runId);
  const now = deps.clock.now();
  const { state, released } = await roll(tx, run, counts, now);
  await tx
    .update(runs)
    .set({
      state,
      startedAt: run.startedAt ?? (counts.held + counts.queued < counts.total ? now : null),
      endedAt: state === "finished" ? (run.endedAt ?? now) : null,
    })
    .where(eq(runs.id, runId));
  const subject = { kind: "run" as const, id: run.id, name: run.title };
  if (state === "finished" && run.state !== "finished") {
    const { succeeded, failed, stopped } = counts;
    await recordAudit(tx, {
      kind: "run.finished",
      orgId: run.orgId,
      actor: null,
      subject,
      ip: null,
      data: { succeeded, failed, stopped },
    });
    await tellOfEnd(tx, run, counts, now);
  }
  if (state === "halted" && run.state !== "halted") {
    await recordAudit(tx, {
      kind: "run.halted",
      orgId: run.orgId,
      actor: null,
      subject,
      ip: null,
      data: { failed: counts.failed, held: counts.held },
    });
    await tellOfHalt(tx, run, counts, now);
  }
  return released;
}

async function roll(
  tx: Transaction,
  run: RunRow,
  counts: RunCounts,
  now: Date,
): Promise<{ state: RunRow["state"]; released: Released[] }> {
  const state = runStateOf(counts, run.state);
  if (run.rolling === null || counts.held === 0 || (state !== "queued" && state !== "running")) return { state, released: [] };
  const step = nextStep(run.rolling, {
    total: counts.total,
    held: counts.held,
    active: counts.queued + counts.running,
    ended: counts.succeeded + counts.failed + counts.stopped,
    errors: counts.failed,
    releasedInMinute: run.rolling.perMinute === undefined ? 0 : await releasedSince(tx, run.id, now.getTime() - minuteMs),
    canaryPassed: run.canaryPassed,
    toleratedErrors: run.toleratedErrors,
  });
  if (step.kind !== "release") return { state: step.kind === "halt" ? "halted" : "paused", released: [] };
  return { state, released: step.count === 0 ? [] : await release(tx, run, step.count, now) };
}

async function releasedSince(tx: Transaction, runId: string, sinceMs: number): Promise<number> {
  const [row] = await tx
    .select({ count: count() })
    .from(executions)
    .where(and(eq(executions.runId, runId), gt(executions.releasedAt, new Date(sinceMs))));
  return row?.count ?? 0;
}

function release(tx: Transaction, run: RunRow, most: number, now: Date): Promise<Released[]> {
  const next = tx
    .select({ id: executions.id })
    .from(executions)
    .where(and(eq(executions.runId, run.id), eq(executions.state, "held")))
    .orderBy(asc(executions.position))
    .limit(most)
    .for("update");
  return tx
    .update(executions)
    .set({ state: "queued", releasedAt: now, expiresAt: new Date(now.getTime() + run.expirySeconds * 1_000) })
    .where(inArray(executions.id, next))
    .returning({ agentId: executions.agentId, zoneId: executions.zoneId });
}

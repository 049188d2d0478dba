// What people are told of the runs of tasks: how they ended, beside how the ones before them did. In the transaction that ends them.
import { and, asc, desc, eq, lt, notInArray } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { users } from "../identity/schema.ts";
import type { FailedHost } from "../notify/notices.ts";
import { notify } from "../notify/notify.ts";
import type { Transaction } from "../platform/database.ts";
import type { RunCounts } from "./run-state.ts";
import { countsOf } from "./runs.ts";
import { executions, type RunRow, runs } from "./schema.ts";

/** From so many failed runs in a row they are one trouble that goes on, not news each time. */
const inARowFrom = 3;
/** What a run's own length is held against. */
const lookedBack = 10;
/** Longer than so many times the usual, and than a minute, is worth a look. */
const slowTimes = 3;
const slowSeconds = 60;
/** A message has ten lines at most. */
const hostsNamed = 10;

export async function tellOfEnd(tx: Transaction, run: RunRow, counts: RunCounts, now: Date): Promise<void> {
  if (run.taskId === null) return;
  const about = await aboutRun(tx, run);
  const to = toldOf(run);
  const before = await endsBefore(tx, run.taskId, run.id);
  const seconds = Math.round((now.getTime() - (run.startedAt ?? run.createdAt).getTime()) / 1_000);
  const failedBefore = before.findIndex(({ failed }) => !failed);
  const row = failedBefore < 0 ? before.length : failedBefore;
  if (counts.failed > 0) {
    const failures = { succeeded: counts.succeeded, failed: counts.failed, failures: await failedHosts(tx, run.id) };
    if (row + 1 >= inARowFrom)
      await notify(tx, { kind: "run.failing", ...to, data: { ...about, ...failures, inARow: row + 1 } }, now);
    else await notify(tx, { kind: "run.failed", ...to, data: { ...about, ...failures, seconds } }, now);
    return;
  }
  if (counts.succeeded < counts.total) return; // somebody stopped it, and knows
  if (row > 0) await notify(tx, { kind: "run.recovered", ...to, data: { ...about, seconds, failedBefore: row } }, now);
  else await notify(tx, { kind: "run.succeeded", ...to, data: { ...about, seconds, targets: counts.total } }, now);
  const usualSeconds = median(before.filter(({ failed }) => !failed).map((one) => one.seconds));
  if (usualSeconds !== null && seconds > slowSeconds && seconds > usualSeconds * slowTimes)
    await notify(tx, { kind: "run.slow", ...to, data: { ...about, seconds, usualSeconds } }, now);
}

export async function tellOfHalt(tx: Transaction, run: RunRow, counts: RunCounts, now: Date): Promise<void> {
  const failures = { succeeded: counts.succeeded, failed: counts.failed, failures: await failedHosts(tx, run.id) };
  const data = { ...(await aboutRun(tx, run)), ...failures, left: counts.held };
  await notify(tx, { kind: "run.halted", ...toldOf(run), data }, now);
}

/** by: the name of whoever started it. */
export async function tellOfStart(
  tx: Transaction,
  run: RunRow,
  { by, targets }: { by: string; targets: number },
  now: Date,
): Promise<void> {
  if (run.taskId === null) return;
  const data = { task: run.title, taskId: run.taskId, runId: run.id, by, targets };
  await notify(tx, { kind: "run.started", ...toldOf(run), data }, now);
}

const toldOf = ({ orgId, createdBy, taskId }: RunRow) => ({ orgId, people: [createdBy], about: taskId });

async function aboutRun(tx: Transaction, run: RunRow) {
  const [person] = await tx.select({ name: users.name }).from(users).where(eq(users.id, run.createdBy));
  return { task: run.title, taskId: run.taskId, runId: run.id, by: person?.name ?? "" };
}

/** Of the task's runs before this one, newest first. What was stopped says nothing about the script and is left out. */
async function endsBefore(tx: Transaction, taskId: string, runId: string): Promise<{ failed: boolean; seconds: number }[]> {
  const rows = await tx
    .select({ id: runs.id, startedAt: runs.startedAt, endedAt: runs.endedAt, createdAt: runs.createdAt })
    .from(runs)
    .where(and(eq(runs.taskId, taskId), eq(runs.state, "finished"), lt(runs.id, runId)))
    .orderBy(desc(runs.createdAt), desc(runs.id))
    .limit(lookedBack);
  const counts = await countsOf(
    tx,
    rows.map(({ id }) => id),
  );
  return rows.flatMap(({ id, startedAt, endedAt, createdAt }) => {
    const { failed, succeeded, total } = counts(id);
    if (failed === 0 && succeeded < total) return [];
    return [{ failed: failed > 0, seconds: ((endedAt ?? createdAt).getTime() - (startedAt ?? createdAt).getTime()) / 1_000 }];
  });
}

async function failedHosts(tx: Transaction, runId: string): Promise<FailedHost[]> {
  const rows = await tx
    .select({ asset: assets.name, reason: executions.reason, exitCode: executions.exitCode, line: executions.lastLine })
    .from(executions)
    .innerJoin(assets, eq(assets.id, executions.assetId))
    .where(
      and(eq(executions.runId, runId), eq(executions.state, "finished"), notInArray(executions.reason, ["finished", "stopped"])),
    )
    .orderBy(asc(assets.name))
    .limit(hostsNamed);
  return rows.map(({ asset, reason, exitCode, line }) => ({ asset, reason: reason ?? "", exitCode, line: line ?? "" }));
}

/** Null of fewer than three: two runs have no usual length. */
function median(values: number[]): number | null {
  if (values.length < 3) return null;
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

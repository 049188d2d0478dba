// What agents tell of executions on their way: claimed, begun. A run over ten thousand hosts is twenty thousand such words, so those that come
// meanwhile are committed together.
import { and, asc, inArray, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../platform/database.ts";
import { gathered } from "../platform/gathered.ts";
import type { AutomationDeps, ExecutionMove } from "./deps.ts";
import { refreshRun } from "./refresh-run.ts";
import { executions, runs, type TakenExecution } from "./schema.ts";
import { type Released, tellAgents } from "./tell-agents.ts";

/** Compare-and-set of an execution's state; null when it is another agent's, another attempt, or not where such a step begins. */
export function committingMoves(
  deps: Pick<AutomationDeps, "db" | "clock" | "links">,
): (move: ExecutionMove) => Promise<TakenExecution | null> {
  return gathered(async (moves) => {
    const { moved, released } = await deps.db.transaction(async (tx) => {
      const moved = await moveAll(tx, moves);
      return { moved, released: await refreshBegun(deps, tx, moved) };
    });
    await tellAgents(deps, released);
    return moved;
  });
}

/** In the order in which they came: a claim and the start after it may be in one batch. */
async function moveAll(tx: Transaction, moves: ExecutionMove[]): Promise<(TakenExecution | null)[]> {
  const rows = await tx
    .select()
    .from(executions)
    .where(inArray(executions.id, [...new Set(moves.map(({ id }) => id))]))
    .orderBy(asc(executions.id)) // one order of locking for all who lock several
    .for("update");
  const now = new Map(rows.map((row) => [row.id, row]));
  const moved = moves.map((move) => {
    const row = now.get(move.id);
    if (row === undefined || row.agentId !== move.agentId || row.attempt !== move.attempt) return null;
    const begins = move.to === "claimed" ? row.state === "offered" || row.state === "claimed" : row.state === "claimed";
    if (!begins) return null;
    const next =
      move.to === "claimed"
        ? { ...row, state: move.to, stream: move.stream }
        : { ...row, state: move.to, startedAt: move.startedAt };
    now.set(move.id, next);
    return { ...next, agentId: move.agentId };
  });
  const changed = [...new Set(moved.flatMap((row) => row?.id ?? []))].flatMap((id) => now.get(id) ?? []);
  if (changed.length === 0) return moved;
  const steps = changed.map(({ id, state, stream, startedAt }) => ({ id, state, stream, startedAt }));
  await tx.execute(sql`
    update executions set state = step.state, stream = step.stream, started_at = step."startedAt"
    from jsonb_to_recordset(${JSON.stringify(steps)}::text::jsonb) as step(id text, state text, stream bigint, "startedAt" timestamptz)
    where executions.id = step.id`);
  return moved;
}

/** A run's row changes with the first of its executions that is claimed; the later ones leave it as it is. */
async function refreshBegun(
  deps: Pick<AutomationDeps, "clock">,
  tx: Transaction,
  moved: (TakenExecution | null)[],
): Promise<Released[]> {
  const ids = [...new Set(moved.flatMap((row) => row?.runId ?? []))].sort();
  if (ids.length === 0) return [];
  const begun = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(and(inArray(runs.id, ids), isNull(runs.startedAt)))
    .orderBy(asc(runs.id));
  const released: Released[] = [];
  for (const { id } of begun) released.push(...(await refreshRun(deps, tx, id)));
  return released;
}

// What is due is run, by the row: whoever locks it first fires it, also of several hubs on one database.
//
//   due ──► overlap? ──no──► started (a run, in the same transaction)
//    │         ├─ skip ────► skipped
//    │         ├─ queue ───► queued ──the last run ended──► started
//    │         └─ replace ─► the last run is stopped, started
//    └─ more than 60 s ago ► by the misfire policy: started or missed
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, isNull, lte, notExists, type SQL, sql } from "drizzle-orm";
import { runs } from "../automation/schema.ts";
import { stopRunAsHub } from "../automation/stop-run.ts";
import { type Released, tellAgents } from "../automation/tell-agents.ts";
import { actAs } from "../identity/act-as.ts";
import { notify } from "../notify/notify.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { errorFields } from "../platform/log.ts";
import { exclusionsOf } from "./calendars.ts";
import type { TaskDeps } from "./deps.ts";
import { planFires } from "./plan-fires.ts";
import { startTask } from "./run-task.ts";
import { nextFire } from "./schedule.ts";
import { type FireRow, type TaskRow, taskFires, tasks } from "./schema.ts";
import { unfinishedRunsOf } from "./tasks.ts";
import { TurnMemory } from "./turn-memory.ts";

/** In one turn; the next comes half a second later. More at once would keep people's requests from the database. */
const firedAtOnce = 200;

/**
 * In one transaction, of one organisation: its audit log has one writer at a time until the commit, so people who wait for it wait for a tenth of a second,
 * and the disk is asked once for all of them.
 */
const firedTogether = 10;

/** Each with a connection of its own, of the pool's six: what one waits for, the other computes, and people's requests keep four. */
const lanes = 2;

type Fired = { orgId: string; taskId: string; released: Released[]; replaced: string[] };

/** What the lanes of a turn share: which tasks were looked at, since one that stays due is not looked at for ever, and how many more may be. */
type Turn = { passed: string[]; left: number; memory: TurnMemory };

/** Every half second. A task that cannot be fired holds up no other: it is logged, and tried again at the next turn. */
export async function fireDue(deps: TaskDeps): Promise<void> {
  const turn: Turn = { passed: [], left: firedAtOnce, memory: new TurnMemory() };
  await Promise.all(Array.from({ length: lanes }, () => fireInTurn(deps, turn)));
}

async function fireInTurn(deps: TaskDeps, turn: Turn): Promise<void> {
  for (let together = firedTogether; turn.left > 0; ) {
    turn.left -= together;
    const taken: TaskRow[] = [];
    const fired = await deps.db
      .transaction(async (tx) => {
        taken.push(...(await takeDue(deps, tx, turn.passed, together)));
        const fired: Fired[] = [];
        for (const task of taken) fired.push(await fireTask(deps, tx, task, turn.memory));
        return fired;
      })
      .catch((error: unknown) => {
        const [first, ...others] = taken;
        if (first === undefined) throw error; // no task's fault: the database is away
        // Which of them it was is seen one by one.
        if (others.length > 0) turn.passed.splice(0, turn.passed.length, ...without(turn.passed, taken));
        else deps.log.error({ task: first.id, ...errorFields(error) }, "task not fired");
        together = 1;
        return null;
      });
    if (fired === null) continue;
    if (fired.length === 0) return;
    for (const one of fired) await settle(deps, one);
  }
}

const without = (ids: string[], gone: TaskRow[]): string[] => ids.filter((id) => !gone.some((task) => task.id === id));

/** Every second: what was queued behind a run that has ended. */
export async function startQueued(deps: TaskDeps): Promise<void> {
  const ended = notExists(
    deps.db
      .select({ one: sql`1` })
      .from(runs)
      .where(and(eq(runs.taskId, taskFires.taskId), sql`${runs.state} <> 'finished'`)),
  );
  const waiting = await deps.db
    .select({ id: taskFires.id })
    .from(taskFires)
    .where(and(eq(taskFires.outcome, "queued"), ended))
    .orderBy(asc(taskFires.id))
    .limit(firedAtOnce);
  for (const { id } of waiting) {
    try {
      const fired = await deps.db.transaction((tx) => startOneQueued(deps, tx, id));
      if (fired !== null) await settle(deps, fired);
    } catch (error) {
      deps.log.error({ fire: id, ...errorFields(error) }, "queued task not started");
    }
  }
}

/** Null when somebody else has started it, or the run before it goes on again. */
async function startOneQueued(deps: TaskDeps, tx: Transaction, id: string): Promise<Fired | null> {
  const [row] = await tx
    .select({ fire: taskFires, task: tasks })
    .from(taskFires)
    .innerJoin(tasks, eq(tasks.id, taskFires.taskId))
    .where(and(eq(taskFires.id, id), eq(taskFires.outcome, "queued")))
    .for("update", { of: taskFires, skipLocked: true });
  if (row === undefined || (await unfinishedRunsOf(tx, row.task.id)).length > 0) return null;
  const { task } = row;
  const { fields, released } =
    task.state === "active" ? await attempt(deps, tx, task, new TurnMemory()) : unrun("skipped", "paused");
  await tx.update(taskFires).set(fields).where(eq(taskFires.id, id));
  return { orgId: task.orgId, taskId: task.id, released, replaced: [] };
}

async function settle(deps: TaskDeps, { orgId, taskId, released, replaced }: Fired): Promise<void> {
  for (const runId of replaced)
    await stopRunAsHub(deps.automation, orgId, runId).catch((error: unknown) =>
      deps.log.error({ run: runId, ...errorFields(error) }, "replaced run not stopped"),
    );
  await tellAgents(deps.automation, released);
  deps.changes.announce(orgId, "tasks", taskId);
  if (released.length > 0) deps.changes.announce(orgId, "runs");
}

/** Those that have been due longest, locked, of one organisation; none when nothing is due. */
async function takeDue({ clock }: TaskDeps, tx: Transaction, passed: string[], most: number): Promise<TaskRow[]> {
  const due = and(
    eq(tasks.state, "active"),
    isNull(tasks.archivedAt),
    lte(tasks.nextFireAt, clock.now()),
    passed.length === 0 ? undefined : sql`${tasks.id} <> all(${sql.param(passed)}::text[])`,
  );
  const take = (limit: number, more?: SQL) =>
    tx.select().from(tasks).where(and(due, more)).orderBy(asc(tasks.nextFireAt)).limit(limit).for("update", { skipLocked: true });
  const [first] = await take(1);
  if (first === undefined) return [];
  const others = most === 1 ? [] : await take(most - 1, and(eq(tasks.orgId, first.orgId), sql`${tasks.id} <> ${first.id}`));
  const taken = [first, ...others];
  passed.push(...taken.map(({ id }) => id));
  return taken;
}

async function fireTask(deps: TaskDeps, tx: Transaction, task: TaskRow, memory: TurnMemory): Promise<Fired> {
  const now = deps.clock.now();
  const { schedule, nextFireAt } = task;
  if (schedule === null || nextFireAt === null) return { orgId: task.orgId, taskId: task.id, released: [], replaced: [] };
  const excluded = await exclusionsOf(tx, task.orgId, schedule);
  const plan = planFires(task.misfire, nextFireAt, now, (after) => nextFire(schedule, after, excluded));
  const base = { orgId: task.orgId, taskId: task.id, decidedAt: now };
  const missed = plan.missed.map((dueAt, n) => ({
    ...base,
    id: newId("fir", now.getTime()),
    dueAt,
    outcome: "missed" as const,
    reason: "missed",
    more: n === plan.missed.length - 1 ? plan.more : 0,
  }));
  if (missed.length > 0) await tx.insert(taskFires).values(missed).onConflictDoNothing();
  const lastMissed = plan.missed.at(-1);
  if (lastMissed !== undefined) await tellOfMissed(tx, task, lastMissed, "missed", now);
  const released: Released[] = [];
  const replaced: string[] = [];
  for (const dueAt of plan.run) {
    const id = newId("fir", now.getTime());
    const [mine] = await tx
      .insert(taskFires)
      .values({ ...base, id, dueAt, outcome: "failed" })
      // Missed by a clock that was set back since: it has come now.
      .onConflictDoUpdate({
        target: [taskFires.taskId, taskFires.dueAt],
        set: { outcome: "failed", reason: "", more: 0, decidedAt: now },
        setWhere: eq(taskFires.outcome, "missed"),
      })
      .returning({ id: taskFires.id });
    if (mine === undefined) continue; // another hub had it
    const { fields, ...done } = await fire(deps, tx, task, memory);
    released.push(...done.released);
    replaced.push(...done.replaced);
    await tx.update(taskFires).set(fields).where(eq(taskFires.id, mine.id));
    if (fields.outcome === "failed" || fields.outcome === "skipped") await tellOfMissed(tx, task, dueAt, fields.reason, now);
  }
  await tx.update(tasks).set({ nextFireAt: plan.next }).where(eq(tasks.id, task.id));
  return { orgId: task.orgId, taskId: task.id, released, replaced };
}

/** Of a row of missed moments the last: people want to know that it did not run, not how often. */
async function tellOfMissed(tx: Transaction, task: TaskRow, dueAt: Date, why: string, now: Date): Promise<void> {
  const data = { task: task.name, taskId: task.id, runId: null, by: "", dueAt: dueAt.toISOString(), why };
  await notify(tx, { kind: "run.missed", orgId: task.orgId, people: [task.ownerId], about: task.id, data }, now);
}

type Decision = { fields: Pick<FireRow, "outcome" | "reason" | "runId">; released: Released[] };

async function fire(
  deps: TaskDeps,
  tx: Transaction,
  task: TaskRow,
  memory: TurnMemory,
): Promise<Decision & { replaced: string[] }> {
  const going = await unfinishedRunsOf(tx, task.id);
  if (going.length === 0 || task.overlap === "parallel") return { ...(await attempt(deps, tx, task, memory)), replaced: [] };
  if (task.overlap === "skip") return unrun("skipped", "overlap");
  if (task.overlap === "queue") {
    const [waiting] = await tx
      .select({ id: taskFires.id })
      .from(taskFires)
      .where(and(eq(taskFires.taskId, task.id), eq(taskFires.outcome, "queued")))
      .limit(1);
    return unrun(waiting === undefined ? "queued" : "skipped", "overlap"); // one waits at most: a queue of backups helps nobody
  }
  return { ...(await attempt(deps, tx, task, memory)), replaced: going.map(({ id }) => id) };
}

const unrun = (outcome: FireRow["outcome"], reason: string) => ({
  fields: { outcome, reason, runId: null },
  released: [],
  replaced: [],
});

/** A run, or why there is none; what was written for a run that failed is undone. */
async function attempt(deps: TaskDeps, tx: Transaction, task: TaskRow, memory: TurnMemory): Promise<Decision> {
  try {
    const { runId, released } = await tx.transaction(async (inner) => {
      const via = { kind: "task" as const, taskId: task.id };
      const owner = await memory.once(["owner", task.orgId, task.ownerId], () =>
        actAs(inner, task.orgId, task.ownerId, via, deps.clock.now()),
      );
      return startTask(deps, inner, { ...owner, via }, task, "schedule", memory);
    });
    return { fields: { outcome: "started", reason: "", runId }, released };
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return unrun("failed", error.code);
  }
}

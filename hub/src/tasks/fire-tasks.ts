// What is due is run, by the row: whoever locks it first fires it, also of several hubs on one database.
//
//   due ──► overlap? ──no──► started (a run, in the same transaction)
//    │         ├─ skip ────► skipped
//    │         ├─ queue ───► queued ──the last run ended──► started
//    │         └─ replace ─► the last run is stopped, started
//    └─ more than 60 s ago ► by the misfire policy: started or missed
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, isNull, lte, notExists, sql } from "drizzle-orm";
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

/** In one turn; the next comes half a second later. More at once would keep people's requests from the database. */
const firedAtOnce = 200;

type Fired = { orgId: string; taskId: string; released: Released[]; replaced: string[] };

/** Each with a connection of its own, of the pool's six: what one waits for, the other computes, and people's requests keep three. */
const lanes = 3;

/** What the lanes of a turn share: which tasks were looked at, since one that stays due is not looked at for ever, and how many more may be. */
type Turn = { passed: string[]; left: number };

/** Every half second. A task that cannot be fired holds up no other: it is logged, and tried again at the next turn. */
export async function fireDue(deps: TaskDeps): Promise<void> {
  const turn: Turn = { passed: [], left: firedAtOnce };
  await Promise.all(Array.from({ length: lanes }, () => fireInTurn(deps, turn)));
}

async function fireInTurn(deps: TaskDeps, turn: Turn): Promise<void> {
  while (turn.left > 0) {
    turn.left -= 1;
    const taken: { task: TaskRow | null } = { task: null };
    const fired = await deps.db
      .transaction(async (tx) => {
        const task = await takeDue(deps, tx, turn.passed);
        taken.task = task;
        return task === null ? null : fireTask(deps, tx, task);
      })
      .catch((error: unknown) => {
        if (taken.task === null) throw error; // no task's fault: the database is away
        deps.log.error({ task: taken.task.id, ...errorFields(error) }, "task not fired");
        return "failed" as const;
      });
    if (fired === null) return;
    if (fired !== "failed") await settle(deps, fired);
  }
}

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
  const { fields, released } = task.state === "active" ? await attempt(deps, tx, task) : without("skipped", "paused");
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

/** The one that has been due longest, locked; null when nothing is. */
async function takeDue({ clock }: TaskDeps, tx: Transaction, passed: string[]): Promise<TaskRow | null> {
  const [task] = await tx
    .select()
    .from(tasks)
    .where(
      and(
        eq(tasks.state, "active"),
        isNull(tasks.archivedAt),
        lte(tasks.nextFireAt, clock.now()),
        passed.length === 0 ? undefined : sql`${tasks.id} <> all(${sql.param(passed)}::text[])`,
      ),
    )
    .orderBy(asc(tasks.nextFireAt))
    .limit(1)
    .for("update", { skipLocked: true });
  if (task === undefined) return null;
  passed.push(task.id);
  return task;
}

async function fireTask(deps: TaskDeps, tx: Transaction, task: TaskRow): Promise<Fired> {
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
    const { fields, ...done } = await fire(deps, tx, task);
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

async function fire(deps: TaskDeps, tx: Transaction, task: TaskRow): Promise<Decision & { replaced: string[] }> {
  const going = await unfinishedRunsOf(tx, task.id);
  if (going.length === 0 || task.overlap === "parallel") return { ...(await attempt(deps, tx, task)), replaced: [] };
  if (task.overlap === "skip") return without("skipped", "overlap");
  if (task.overlap === "queue") {
    const [waiting] = await tx
      .select({ id: taskFires.id })
      .from(taskFires)
      .where(and(eq(taskFires.taskId, task.id), eq(taskFires.outcome, "queued")))
      .limit(1);
    return without(waiting === undefined ? "queued" : "skipped", "overlap"); // one waits at most: a queue of backups helps nobody
  }
  return { ...(await attempt(deps, tx, task)), replaced: going.map(({ id }) => id) };
}

const without = (outcome: FireRow["outcome"], reason: string) => ({
  fields: { outcome, reason, runId: null },
  released: [],
  replaced: [],
});

/** A run, or why there is none; what was written for a run that failed is undone. */
async function attempt(deps: TaskDeps, tx: Transaction, task: TaskRow): Promise<Decision> {
  try {
    const { runId, released } = await tx.transaction(async (inner) => {
      const owner = await actAs(inner, task.orgId, task.ownerId, { kind: "task", taskId: task.id }, deps.clock.now());
      return startTask(deps, inner, owner, task, "schedule");
    });
    return { fields: { outcome: "started", reason: "", runId }, released };
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return without("failed", error.code);
  }
}

// Tasks are made, changed, started and stopped. Their runs: run-task.ts; their times: fire-tasks.ts.
import { newId } from "@sallyport/protocol/ids";
import { and, eq } from "drizzle-orm";
import { findAssets } from "../assets/assets.ts";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { prepareFiles } from "../automation/prepare-files.ts";
import { type Actor, actOn, assertMay, may } from "../identity/actor.ts";
import { followingOf, routesOf, setFollowing, setRoutes } from "../notify/following.ts";
import type { Route } from "../notify/input.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { assetsNamed, bindParameters, filesNamed } from "../scripts/parameters.ts";
import { findVersion } from "../scripts/scripts.ts";
import { exclusionsOf } from "./calendars.ts";
import type { TaskDeps } from "./deps.ts";
import type { ChangeTask, CreateTask, FollowTask, Schedule } from "./input.ts";
import { checkSchedule, nextFire } from "./schedule.ts";
import { type TaskRow, tasks } from "./schema.ts";
import { findTask } from "./tasks.ts";

/** @throws HubError `not-found` for the script or a file, `bad-parameter`, `bad-input` for a schedule that never comes. */
export async function createTask(deps: TaskDeps, actor: Actor, input: CreateTask): Promise<string> {
  assertMay(actor, "run.start");
  const now = deps.clock.now();
  await check(deps, actor, input, now);
  const { notices, ...fields } = input;
  const row = { id: newId("tsk", now.getTime()), orgId: actor.orgId, ...fields, state: "active" as const, ownerId: actor.id };
  await deps.db.transaction(async (tx) => {
    const nextFireAt = await nextFireOf(tx, actor.orgId, input.schedule, now);
    await tx.insert(tasks).values({ ...row, nextFireAt, createdAt: now, updatedAt: now });
    await setRoutes(tx, actor.orgId, row.id, notices);
    await recordAudit(tx, {
      kind: "task.created",
      ...actOn(actor, "task", row),
      data: { scriptId: input.scriptId, schedule: describe(input.schedule) },
    });
  });
  deps.changes.announce(actor.orgId, "tasks");
  return row.id;
}

/** Whoever changes what it does owns it from then on: it runs with his grants, not with those of somebody who did not write it. */
export async function changeTask(deps: TaskDeps, actor: Actor, { id, ...input }: ChangeTask): Promise<void> {
  assertMay(actor, "run.start");
  const now = deps.clock.now();
  await findTask(deps.db, actor, id);
  await check(deps, actor, input, now);
  await change(deps, actor, id, async (tx, task) => {
    const { notices, ...given } = input;
    const fields = { ...given, ownerId: actor.id };
    const before = { ...task, notices: plain(await routesOf(tx, actor.orgId, id)) };
    const changes = changesOf(before, { ...fields, notices: plain(notices) });
    if (changes.after === "{}") return;
    await setRoutes(tx, actor.orgId, id, notices);
    const nextFireAt = task.state === "active" ? await nextFireOf(tx, actor.orgId, input.schedule, now) : null;
    await tx
      .update(tasks)
      .set({ ...fields, nextFireAt, updatedAt: now })
      .where(eq(tasks.id, id));
    await recordAudit(tx, { kind: "task.changed", ...actOn(actor, "task", task), data: changes });
  });
}

/** Paused it keeps everything and is due at no time; what is running goes on. Started again it is due from now. */
export async function setTaskState(deps: TaskDeps, actor: Actor, id: string, state: TaskRow["state"]): Promise<void> {
  await change(deps, actor, id, async (tx, task) => {
    if (task.state === state) return;
    const now = deps.clock.now();
    const nextFireAt = state === "active" ? await nextFireOf(tx, actor.orgId, task.schedule, now) : null;
    await tx.update(tasks).set({ state, nextFireAt, updatedAt: now }).where(eq(tasks.id, id));
    await recordAudit(tx, { kind: state === "active" ? "task.started" : "task.paused", ...actOn(actor, "task", task), data: {} });
  });
}

/** A paused copy, the actor's own. */
export async function cloneTask(deps: TaskDeps, actor: Actor, id: string, name: string): Promise<string> {
  assertMay(actor, "run.start");
  const { task } = await findTask(deps.db, actor, id);
  const now = deps.clock.now();
  const row = { ...task, id: newId("tsk", now.getTime()), name, ownerId: actor.id, state: "paused" as const, nextFireAt: null };
  await deps.db.transaction(async (tx) => {
    const { version } = await findVersion(tx, actor, task.scriptId, task.scriptVersion);
    await prepareFiles(tx, actor, task.files, filesNamed(version.parameters, task.parameters));
    await tx.insert(tasks).values({ ...row, createdAt: now, updatedAt: now, archivedAt: null });
    await setRoutes(tx, actor.orgId, row.id, await routesOf(tx, actor.orgId, id));
    await recordAudit(tx, {
      kind: "task.created",
      ...actOn(actor, "task", row),
      data: { scriptId: task.scriptId, schedule: describe(task.schedule) },
    });
  });
  deps.changes.announce(actor.orgId, "tasks");
  return row.id;
}

/** It is due no more and leaves the lists; its runs stay. */
export async function archiveTask(deps: TaskDeps, actor: Actor, id: string): Promise<void> {
  await change(deps, actor, id, async (tx, task) => {
    const now = deps.clock.now();
    await tx.update(tasks).set({ state: "paused", nextFireAt: null, archivedAt: now, updatedAt: now }).where(eq(tasks.id, id));
    await recordAudit(tx, { kind: "task.archived", ...actOn(actor, "task", task), data: {} });
  });
}

/** What the actor himself hears of a task that he may see. */
export async function followTask(deps: TaskDeps, actor: Actor, { id, following }: FollowTask): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const { task } = await findTask(tx, actor, id);
    const before = await followingOf(tx, actor, id);
    await setFollowing(tx, actor, id, following);
    await recordAudit(tx, {
      kind: "task.followed",
      ...actOn(actor, "task", task),
      data: changesOf({ following: before }, { following }),
    });
  });
}

/** In one order, so that a change of order is none. */
const plain = (routes: readonly Route[]): Route[] =>
  routes.map(({ channelId, kinds }) => ({ channelId, kinds })).sort((a, b) => (a.channelId < b.channelId ? -1 : 1));

async function change(
  deps: TaskDeps,
  actor: Actor,
  id: string,
  work: (tx: Transaction, task: TaskRow) => Promise<void>,
): Promise<void> {
  await deps.db.transaction(async (tx) => work(tx, await lockTask(tx, actor, id)));
  deps.changes.announce(actor.orgId, "tasks", id);
}

/** The task for a change or a run; another waits until this one is done. @throws HubError `not-found`, `forbidden`, `archived`. */
export async function lockTask(tx: Transaction, actor: Actor, id: string): Promise<TaskRow> {
  await findTask(tx, actor, id);
  const [task] = await tx
    .select()
    .from(tasks)
    .where(and(eq(tasks.orgId, actor.orgId), eq(tasks.id, id)))
    .for("update");
  if (task === undefined) throw notFound("task");
  assertMayChange(actor, task);
  if (task.archivedAt !== null) throw new HubError("archived", "This task is archived. Clone it to go on with it.");
  return task;
}

export const mayChange = (actor: Actor, { ownerId }: Pick<TaskRow, "ownerId">): boolean =>
  may(actor, "run.start") && (actor.id === ownerId || may(actor, "scripts.manage"));

/** @throws HubError `forbidden` for who may only read it. */
function assertMayChange(actor: Actor, { ownerId }: Pick<TaskRow, "ownerId">): void {
  if (actor.id !== ownerId) assertMay(actor, "scripts.manage");
  assertMay(actor, "run.start");
}

async function nextFireOf(db: Queryable, orgId: string, schedule: Schedule | null, now: Date): Promise<Date | null> {
  return schedule === null ? null : nextFire(schedule, now, await exclusionsOf(db, orgId, schedule));
}

async function check({ db }: TaskDeps, actor: Actor, input: CreateTask, now: Date): Promise<void> {
  const { version } = await findVersion(db, actor, input.scriptId, input.scriptVersion);
  const ids = assetsNamed(version.parameters, input.parameters);
  const named = new Map((await findAssets(db, actor.orgId, ids)).map(({ asset }) => [asset.id, asset.name]));
  const { files } = bindParameters(version.parameters, input.parameters, (id) => named.get(id));
  await prepareFiles(db, actor, input.files, files);
  if (input.schedule !== null) checkSchedule(input.schedule, now);
}

/** For the audit log. */
const describe = (schedule: Schedule | null): string =>
  schedule === null
    ? ""
    : schedule.kind === "cron"
      ? `${schedule.expression} ${schedule.timeZone}`
      : schedule.kind === "interval"
        ? `every ${schedule.everySeconds} s`
        : schedule.at;

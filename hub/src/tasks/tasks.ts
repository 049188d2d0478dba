// Queries over tasks and what became of the moments they were due.
import { and, asc, count, desc, eq, gt, ilike, inArray, isNotNull, isNull, lt, ne, or } from "drizzle-orm";
import { runs } from "../automation/schema.ts";
import type { Actor } from "../identity/actor.ts";
import { may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import { scripts } from "../scripts/schema.ts";
import type { ListTasks } from "./input.ts";
import { type FireRow, type TaskRow, taskFires, tasks } from "./schema.ts";

export type TaskWithNames = { task: TaskRow; script: { id: string; name: string; latest: number }; owner: string };

/** One's own, or all with runs.read-all: what others run is not everybody's to see. */
const visibleTo = (actor: Actor) =>
  and(eq(tasks.orgId, actor.orgId), may(actor, "runs.read-all") ? undefined : eq(tasks.ownerId, actor.id));

const withNames = (db: Queryable) =>
  db
    .select({ task: tasks, script: { id: scripts.id, name: scripts.name, latest: scripts.latest }, owner: users.name })
    .from(tasks)
    .innerJoin(scripts, eq(scripts.id, tasks.scriptId))
    .innerJoin(users, eq(users.id, tasks.ownerId));

/** By name. */
export async function listTasks(
  db: Queryable,
  actor: Actor,
  input: ListTasks,
): Promise<{ rows: TaskWithNames[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    visibleTo(actor),
    input.archived ? isNotNull(tasks.archivedAt) : isNull(tasks.archivedAt),
    input.state === undefined ? undefined : eq(tasks.state, input.state),
    input.scriptId === undefined ? undefined : eq(tasks.scriptId, input.scriptId),
    pattern === null
      ? undefined
      : or(
          ilike(tasks.name, pattern),
          ilike(tasks.description, pattern),
          ilike(scripts.name, pattern),
          ilike(users.name, pattern),
        ),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(tasks.name, cursor.sortKey), and(eq(tasks.name, cursor.sortKey), gt(tasks.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    withNames(db)
      .where(and(filter, after))
      .orderBy(asc(tasks.name), asc(tasks.id))
      .limit(input.limit + 1),
    db
      .select({ total: count() })
      .from(tasks)
      .innerJoin(scripts, eq(scripts.id, tasks.scriptId))
      .innerJoin(users, eq(users.id, tasks.ownerId))
      .where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ task }) => encodeCursor(task.name, task.id)), total: counted?.total ?? 0 };
}

/** @throws HubError `not-found`, also for another's task. */
export async function findTask(db: Queryable, actor: Actor, id: string): Promise<TaskWithNames> {
  const [row] = await withNames(db).where(and(visibleTo(actor), eq(tasks.id, id)));
  if (row === undefined) throw notFound("task");
  return row;
}

/** The newest run of each task that has one. */
export async function lastRunsOf(db: Queryable, taskIds: string[]): Promise<Map<string, string>> {
  if (taskIds.length === 0) return new Map();
  const rows = await db
    .selectDistinctOn([runs.taskId], { taskId: runs.taskId, id: runs.id })
    .from(runs)
    .where(inArray(runs.taskId, taskIds))
    .orderBy(runs.taskId, desc(runs.createdAt), desc(runs.id));
  return new Map(rows.flatMap(({ taskId, id }) => (taskId === null ? [] : [[taskId, id]])));
}

/** Runs of a task that have not ended. */
export const unfinishedRunsOf = (db: Queryable, taskId: string) =>
  db
    .select({ id: runs.id, title: runs.title })
    .from(runs)
    .where(and(eq(runs.taskId, taskId), ne(runs.state, "finished")));

/** Newest first. */
export async function firesOf(
  db: Queryable,
  taskId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ rows: FireRow[]; nextCursor: string | null }> {
  const rows = await db
    .select()
    .from(taskFires)
    .where(and(eq(taskFires.taskId, taskId), cursor === undefined ? undefined : lt(taskFires.id, cursor)))
    .orderBy(desc(taskFires.id))
    .limit(limit + 1);
  return cutPage(rows, limit, ({ id }) => id);
}

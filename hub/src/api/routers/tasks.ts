// Tasks: scripts bound to targets and times, and what they share.
import { authorizeAll } from "../../access/authorize-all.ts";
import { pathsOf } from "../../assets/nodes.ts";
import { presentRun } from "../../automation/present.ts";
import { findRuns } from "../../automation/runs.ts";
import type { Actor } from "../../identity/actor.ts";
import { followingOf, routesOf } from "../../notify/following.ts";
import { byId } from "../../platform/input.ts";
import {
  addCalendar,
  addTargetSet,
  calendarsOf,
  exclusionsOf,
  removeCalendar,
  removeTargetSet,
  targetSetsOf,
} from "../../tasks/calendars.ts";
import * as input from "../../tasks/input.ts";
import { archiveTask, changeTask, cloneTask, createTask, followTask, mayChange, setTaskState } from "../../tasks/manage-tasks.ts";
import { presentFire, presentTask, presentTaskFields } from "../../tasks/present.ts";
import { resolveTargets } from "../../tasks/resolve-targets.ts";
import { runTaskNow } from "../../tasks/run-task.ts";
import { checkSchedule, nextFires } from "../../tasks/schedule.ts";
import { findTask, firesOf, lastRunsOf, listTasks, type TaskWithNames } from "../../tasks/tasks.ts";
import type { ApiDeps } from "../deps.ts";
import * as output from "../output.ts";
import { needs, router, signedIn } from "../trpc.ts";

const tag = "Tasks";
const running = needs("run.start");
/** Enough to see that the right ones are meant; the count is whole. */
const shownTargets = 100;
const shownFires = 5;

async function withLastRuns({ tasks }: ApiDeps, actor: Actor, rows: TaskWithNames[]) {
  const { db, clock } = tasks;
  const lastIds = await lastRunsOf(
    db,
    rows.map(({ task }) => task.id),
  );
  const last = new Map((await findRuns(db, actor.orgId, [...lastIds.values()])).map((row) => [row.run.taskId, row]));
  return rows.map((row) => {
    const run = last.get(row.task.id);
    return presentTask(row, run === undefined ? null : presentRun(run, clock.now()), mayChange(actor, row.task));
  });
}

export const tasksRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/tasks", tag, summary: "Tasks by name: your own, or all with runs.read-all" } })
    .input(input.listTasks)
    .output(output.pageOf(output.task))
    .query(async ({ ctx, input: given }) => {
      const { rows, nextCursor, total } = await listTasks(ctx.hub.tasks.db, ctx.actor, given);
      return { items: await withLastRuns(ctx.hub, ctx.actor, rows), nextCursor, total };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/tasks/{id}", tag, summary: "A task" } })
    .input(byId)
    .output(output.taskWithFields)
    .query(async ({ ctx, input: { id } }) => {
      const found = await findTask(ctx.hub.tasks.db, ctx.actor, id);
      const [task] = await withLastRuns(ctx.hub, ctx.actor, [found]);
      if (task === undefined) throw new Error("a task that was found is presented");
      const [notices, following] = await Promise.all([
        routesOf(ctx.hub.tasks.db, ctx.actor.orgId, id),
        followingOf(ctx.hub.tasks.db, ctx.actor, id),
      ]);
      return { ...task, ...presentTaskFields(found), notices, following };
    }),
  fires: signedIn
    .meta({ rest: { method: "GET", path: "/tasks/{id}/fires", tag, summary: "What became of the moments a task was due" } })
    .input(input.listFires)
    .output(output.firesPage)
    .query(async ({ ctx, input: { id, ...page } }) => {
      await findTask(ctx.hub.tasks.db, ctx.actor, id);
      const { rows, nextCursor } = await firesOf(ctx.hub.tasks.db, id, page);
      return { items: rows.map(presentFire), nextCursor };
    }),
  preview: running
    .meta({
      rest: { method: "POST", path: "/tasks/preview", tag, summary: "What a task would run on now, and when it would be due" },
    })
    .input(input.previewTask)
    .output(output.taskPreview)
    .mutation(async ({ ctx, input: { targets, account, schedule } }) => {
      const { db, clock } = ctx.hub.tasks;
      const now = clock.now();
      const ids = await resolveTargets(db, ctx.actor.orgId, targets);
      const { allowed, refused } = await authorizeAll(db, ctx.actor, ids, "run", account, now);
      if (schedule !== null) checkSchedule(schedule, now);
      const excluded = await exclusionsOf(db, ctx.actor.orgId, schedule);
      return {
        allowed: allowed.length,
        targets: allowed.slice(0, shownTargets).map(({ target: { asset } }) => ({ id: asset.id, name: asset.name })),
        refused: refused.slice(0, shownTargets).map(({ assetId, name, why }) => ({ assetId, name, code: why.code })),
        refusedCount: refused.length,
        nodes: [...(await pathsOf(db, ctx.actor.orgId, targets.nodeIds))].map(([id, path]) => ({ id, path })),
        fires: schedule === null ? [] : nextFires(schedule, now, excluded, shownFires).map((at) => at.toISOString()),
      };
    }),
  create: running
    .meta({ rest: { method: "POST", path: "/tasks", status: 201, tag, summary: "Bind a script to targets and times" } })
    .input(input.createTask)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createTask(ctx.hub.tasks, ctx.actor, given) })),
  change: running
    .meta({ rest: { method: "POST", path: "/tasks/{id}", tag, summary: "Change a task; from then on it runs in your name" } })
    .input(input.changeTask)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeTask(ctx.hub.tasks, ctx.actor, given);
      return {};
    }),
  follow: signedIn
    .meta({ rest: { method: "POST", path: "/tasks/{id}/follow", tag, summary: "Choose what one hears of a task oneself" } })
    .input(input.followTask)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await followTask(ctx.hub.tasks, ctx.actor, given);
      return {};
    }),
  start: running
    .meta({ rest: { method: "POST", path: "/tasks/{id}/start", tag, summary: "Let a paused task be due again" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await setTaskState(ctx.hub.tasks, ctx.actor, id, "active");
      return {};
    }),
  pause: running
    .meta({ rest: { method: "POST", path: "/tasks/{id}/pause", tag, summary: "Be due at no time; what runs goes on" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await setTaskState(ctx.hub.tasks, ctx.actor, id, "paused");
      return {};
    }),
  run: running
    .meta({ rest: { method: "POST", path: "/tasks/{id}/run", status: 201, tag, summary: "Run a task now" } })
    .input(byId)
    .output(output.created)
    .mutation(async ({ ctx, input: { id } }) => ({ id: await runTaskNow(ctx.hub.tasks, ctx.actor, id) })),
  clone: running
    .meta({ rest: { method: "POST", path: "/tasks/{id}/clone", status: 201, tag, summary: "A paused copy of a task" } })
    .input(input.cloneTask)
    .output(output.created)
    .mutation(async ({ ctx, input: { id, name } }) => ({ id: await cloneTask(ctx.hub.tasks, ctx.actor, id, name) })),
  archive: running
    .meta({ rest: { method: "DELETE", path: "/tasks/{id}", tag, summary: "Put a task away; its runs stay" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await archiveTask(ctx.hub.tasks, ctx.actor, id);
      return {};
    }),
});

export const calendarsRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/calendars", tag, summary: "Days that schedules leave out" } })
    .output(output.listOf(output.calendar))
    .query(async ({ ctx }) => {
      const rows = await calendarsOf(ctx.hub.tasks.db, ctx.actor.orgId);
      return { items: rows.map(({ id, name, days }) => ({ id, name, days })) };
    }),
  add: running
    .meta({ rest: { method: "POST", path: "/calendars", status: 201, tag, summary: "Name days that schedules may leave out" } })
    .input(input.saveCalendar)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await addCalendar(ctx.hub.tasks, ctx.actor, given) })),
  remove: running
    .meta({
      rest: { method: "DELETE", path: "/calendars/{id}", tag, summary: "Take a calendar away; schedules go on without it" },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeCalendar(ctx.hub.tasks, ctx.actor, id);
      return {};
    }),
});

export const targetSetsRouter = router({
  list: running
    .meta({ rest: { method: "GET", path: "/target-sets", tag, summary: "Targets that several tasks mean by one name" } })
    .output(output.listOf(output.targetSet))
    .query(async ({ ctx }) => {
      const rows = await targetSetsOf(ctx.hub.tasks.db, ctx.actor.orgId);
      return { items: rows.map(({ id, name, targets }) => ({ id, name, targets })) };
    }),
  add: running
    .meta({ rest: { method: "POST", path: "/target-sets", status: 201, tag, summary: "Keep targets by a name" } })
    .input(input.saveTargetSet)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await addTargetSet(ctx.hub.tasks, ctx.actor, given) })),
  remove: running
    .meta({
      rest: { method: "DELETE", path: "/target-sets/{id}", tag, summary: "Forget kept targets; tasks that name them lose them" },
    })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await removeTargetSet(ctx.hub.tasks, ctx.actor, id);
      return {};
    }),
});

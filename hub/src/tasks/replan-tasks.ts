// The hub's clock was set back. What it had planned for an hour that has not come would leave tasks silent until then.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, gt, isNull } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { errorFields } from "../platform/log.ts";
import { exclusionsOf } from "./calendars.ts";
import type { TaskDeps } from "./deps.ts";
import { nextFire } from "./schedule.ts";
import { taskFires, tasks } from "./schema.ts";

/** Two hubs on one database may be so far apart; no clock of a hub that is kept right is. */
const apartMs = 10_000;

/**
 * Every two seconds: tasks of which something was decided in the future are due by the clock of now. A moment that was run stays run; one that was
 * written down as missed is run when it comes again.
 */
export async function replanAfterClockWentBack({ db, clock, log, changes }: TaskDeps): Promise<void> {
  const now = clock.now();
  const fromThen = newId("fir", now.getTime() + apartMs); // ids begin with the time, so this reads the end of an index
  const ahead = await db
    .selectDistinct({ id: tasks.id, orgId: tasks.orgId })
    .from(taskFires)
    .innerJoin(tasks, eq(tasks.id, taskFires.taskId))
    .where(and(gt(taskFires.id, fromThen), eq(tasks.state, "active"), isNull(tasks.archivedAt)));
  for (const { id, orgId } of ahead) {
    try {
      if (await replan(db, id, now)) changes.announce(orgId, "tasks", id);
    } catch (error) {
      log.error({ task: id, ...errorFields(error) }, "task not planned anew");
    }
  }
}

/** True when it is due sooner than it was. */
const replan = (db: Database, id: string, now: Date): Promise<boolean> =>
  db.transaction(async (tx) => {
    const [task] = await tx.select().from(tasks).where(eq(tasks.id, id)).for("update");
    if (task === undefined || task.schedule === null || task.nextFireAt === null) return false;
    const next = nextFire(task.schedule, now, await exclusionsOf(tx, task.orgId, task.schedule));
    if (next === null || next >= task.nextFireAt) return false;
    await tx.update(tasks).set({ nextFireAt: next }).where(eq(tasks.id, id));
    return true;
  });

// Days that schedules leave out, and target sets: what several tasks mean by one name.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, inArray } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { isUniqueViolation, type Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { TaskDeps } from "./deps.ts";
import type { Schedule, Targets } from "./input.ts";
import type { IsExcluded } from "./schedule.ts";
import { type CalendarRow, calendars, type TargetSetRow, targetSets } from "./schema.ts";

/** Nobody chooses from more; it keeps a list one answer. */
const most = 200;

export const calendarsOf = (db: Queryable, orgId: string): Promise<CalendarRow[]> =>
  db.select().from(calendars).where(eq(calendars.orgId, orgId)).orderBy(asc(calendars.name)).limit(most);

export const targetSetsOf = (db: Queryable, orgId: string): Promise<TargetSetRow[]> =>
  db.select().from(targetSets).where(eq(targetSets.orgId, orgId)).orderBy(asc(targetSets.name)).limit(most);

/** A calendar that is gone leaves nothing out. */
export async function exclusionsOf(db: Queryable, orgId: string, schedule: Schedule | null): Promise<IsExcluded> {
  const ids = schedule === null || schedule.kind === "once" ? [] : schedule.calendarIds;
  if (ids.length === 0) return () => false;
  const rows = await db
    .select({ days: calendars.days })
    .from(calendars)
    .where(and(eq(calendars.orgId, orgId), inArray(calendars.id, ids)));
  const days = new Set(rows.flatMap((row) => row.days));
  return (day) => days.has(day);
}

/** @throws HubError `name-taken`, `too-many`. */
export async function addCalendar(deps: TaskDeps, actor: Actor, input: { name: string; days: string[] }): Promise<string> {
  assertMay(actor, "run.start");
  const row = { id: newId("cal"), orgId: actor.orgId, name: input.name, days: [...new Set(input.days)].sort() };
  return add(deps, actor, "calendar", row, async (tx) => {
    if ((await calendarsOf(tx, actor.orgId)).length >= most) throw tooMany("calendars");
    await tx.insert(calendars).values({ ...row, createdAt: deps.clock.now() });
  });
}

/** @throws HubError `name-taken`, `too-many`. */
export async function addTargetSet(
  deps: TaskDeps,
  actor: Actor,
  input: { name: string; targets: Omit<Targets, "setIds"> },
): Promise<string> {
  assertMay(actor, "run.start");
  const row = { id: newId("set"), orgId: actor.orgId, name: input.name, targets: { ...input.targets, setIds: [] } };
  return add(deps, actor, "target-set", row, async (tx) => {
    if ((await targetSetsOf(tx, actor.orgId)).length >= most) throw tooMany("target sets");
    await tx.insert(targetSets).values({ ...row, createdAt: deps.clock.now() });
  });
}

export const removeCalendar = (deps: TaskDeps, actor: Actor, id: string): Promise<void> =>
  remove(deps, actor, "calendar", async (tx) => {
    const mine = and(eq(calendars.orgId, actor.orgId), eq(calendars.id, id));
    return (await tx.delete(calendars).where(mine).returning({ id: calendars.id, name: calendars.name }))[0];
  });

export const removeTargetSet = (deps: TaskDeps, actor: Actor, id: string): Promise<void> =>
  remove(deps, actor, "target-set", async (tx) => {
    const mine = and(eq(targetSets.orgId, actor.orgId), eq(targetSets.id, id));
    return (await tx.delete(targetSets).where(mine).returning({ id: targetSets.id, name: targetSets.name }))[0];
  });

type Kind = "calendar" | "target-set";

async function add(
  deps: TaskDeps,
  actor: Actor,
  kind: Kind,
  { id, name }: { id: string; name: string },
  insert: (tx: Parameters<Parameters<TaskDeps["db"]["transaction"]>[0]>[0]) => Promise<void>,
): Promise<string> {
  await deps.db
    .transaction(async (tx) => {
      await insert(tx);
      await recordAudit(tx, {
        kind: `${kind}.added`,
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind, id, name },
        ip: actor.ip,
        data: {},
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error)
        ? new HubError("name-taken", `There is already one called ${name}.`, { facts: { name } })
        : error;
    });
  deps.changes.announce(actor.orgId, "tasks");
  return id;
}

/** Tasks that name it go on without it. @throws HubError `not-found`. */
async function remove(
  deps: TaskDeps,
  actor: Actor,
  kind: Kind,
  take: (tx: Parameters<Parameters<TaskDeps["db"]["transaction"]>[0]>[0]) => Promise<{ id: string; name: string } | undefined>,
): Promise<void> {
  assertMay(actor, "run.start");
  await deps.db.transaction(async (tx) => {
    const row = await take(tx);
    if (row === undefined) throw notFound(kind);
    await recordAudit(tx, {
      kind: `${kind}.removed`,
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind, ...row },
      ip: actor.ip,
      data: {},
    });
  });
  deps.changes.announce(actor.orgId, "tasks");
}

const tooMany = (what: string) => new HubError("too-many", `An organisation has at most ${most} ${what}.`);

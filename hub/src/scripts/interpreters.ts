// The programs that scripts are given to: those that come with the hub, and what an organisation adds.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, isNull, or } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { isUniqueViolation, type Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { ScriptDeps } from "./deps.ts";
import { type InterpreterRow, interpreters } from "./schema.ts";

/** Nobody chooses from more; it keeps the list one answer. */
const most = 100;

export const interpretersOf = (db: Queryable, orgId: string): Promise<InterpreterRow[]> =>
  db
    .select()
    .from(interpreters)
    .where(or(isNull(interpreters.orgId), eq(interpreters.orgId, orgId)))
    .orderBy(asc(interpreters.program));

/** @throws HubError `name-taken`, `too-many`. */
export async function addInterpreter(
  deps: ScriptDeps,
  actor: Actor,
  { program, label }: { program: string; label: string },
): Promise<string> {
  assertMay(actor, "settings.manage");
  const now = deps.clock.now();
  const id = newId("int", now.getTime());
  await deps.db
    .transaction(async (tx) => {
      const there = await interpretersOf(tx, actor.orgId);
      if (there.some((one) => one.program === program)) throw nameTaken(program);
      if (there.length >= most) throw new HubError("too-many", `An organisation has at most ${most} interpreters.`);
      await tx.insert(interpreters).values({ id, orgId: actor.orgId, program, label, createdAt: now });
      await recordAudit(tx, {
        kind: "interpreter.added",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: { kind: "interpreter", id, name: program },
        ip: actor.ip,
        data: { label },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(program) : error;
    });
  deps.changes.announce(actor.orgId, "scripts");
  return id;
}

/** Scripts that name it stay, and are refused when they are to run. @throws HubError `not-found`, also for one that comes with the hub. */
export async function removeInterpreter(deps: ScriptDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "settings.manage");
  await deps.db.transaction(async (tx) => {
    const [row] = await tx
      .delete(interpreters)
      .where(and(eq(interpreters.orgId, actor.orgId), eq(interpreters.id, id)))
      .returning();
    if (row === undefined) throw notFound("interpreter");
    await recordAudit(tx, {
      kind: "interpreter.removed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "interpreter", id, name: row.program },
      ip: actor.ip,
      data: {},
    });
  });
  deps.changes.announce(actor.orgId, "scripts");
}

const nameTaken = (program: string) =>
  new HubError("name-taken", `There is already an interpreter called ${program}.`, { facts: { name: program } });

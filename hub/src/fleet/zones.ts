// Zones: private networks. Queries and the small use cases on them.

import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, isNull, sql } from "drizzle-orm";
import type { AuditSubject } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { Clock } from "../platform/clock.ts";
import { type Database, isUniqueViolation, type Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { agents, type ZoneRow, zones } from "./schema.ts";

type Deps = { db: Database; clock: Clock };
const subjectOf = (zone: { id: string; name: string }): AuditSubject => ({ kind: "zone", id: zone.id, name: zone.name });

export async function listZones(db: Queryable, orgId: string) {
  return db
    .select({
      id: zones.id,
      name: zones.name,
      agents: count(agents.id),
      online: sql<number>`count(*) filter (where ${agents.online})::int`,
    })
    .from(zones)
    .leftJoin(agents, and(eq(agents.zoneId, zones.id), isNull(agents.revokedAt)))
    .where(eq(zones.orgId, orgId))
    .groupBy(zones.id)
    .orderBy(asc(zones.name));
}

/** Zones in which some agent is online. */
export async function onlineZones(db: Queryable, orgId: string): Promise<Set<string>> {
  const rows = await db
    .selectDistinct({ id: agents.zoneId })
    .from(agents)
    .where(and(eq(agents.orgId, orgId), eq(agents.online, true), isNull(agents.revokedAt)));
  return new Set(rows.map(({ id }) => id));
}

export async function findZone(db: Queryable, orgId: string, id: string): Promise<ZoneRow | null> {
  const [row] = await db
    .select()
    .from(zones)
    .where(and(eq(zones.orgId, orgId), eq(zones.id, id)));
  return row ?? null;
}

/** The zone for agents whose enrolment names none: the oldest. Made with the first start. */
export async function ensureZone({ db, clock }: Deps, orgId: string): Promise<ZoneRow> {
  const [found] = await db.select().from(zones).where(eq(zones.orgId, orgId)).orderBy(asc(zones.id)).limit(1);
  if (found !== undefined) return found;
  const zone = { id: newId("zon"), orgId, name: "Default", createdAt: clock.now() };
  await db.insert(zones).values(zone);
  return zone;
}

const nameTaken = (name: string) => new HubError("name-taken", `There is already a zone called ${name}.`, { facts: { name } });

export async function createZone({ db, clock }: Deps, actor: Actor, { name }: { name: string }): Promise<string> {
  assertMay(actor, "fleet.manage");
  const zone = { id: newId("zon"), orgId: actor.orgId, name, createdAt: clock.now() };
  await db
    .transaction(async (tx) => {
      await tx.insert(zones).values(zone);
      await recordAudit(tx, {
        kind: "zone.created",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(zone),
        ip: actor.ip,
        data: {},
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(name) : error;
    });
  return zone.id;
}

export async function renameZone({ db }: Deps, actor: Actor, { id, name }: { id: string; name: string }): Promise<void> {
  assertMay(actor, "fleet.manage");
  await db
    .transaction(async (tx) => {
      const zone = await findZone(tx, actor.orgId, id);
      if (zone === null) throw notFound("zone");
      await tx.update(zones).set({ name }).where(eq(zones.id, id));
      await recordAudit(tx, {
        kind: "zone.renamed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf({ id, name }),
        ip: actor.ip,
        data: { before: zone.name, after: name },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(name) : error;
    });
}

/** @throws HubError `zone-not-empty`; revoked agents count, since their records name the zone. */
export async function deleteZone({ db }: Deps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "fleet.manage");
  await db.transaction(async (tx) => {
    const zone = await findZone(tx, actor.orgId, id);
    if (zone === null) throw notFound("zone");
    const [held] = await tx.select({ agents: count() }).from(agents).where(eq(agents.zoneId, id));
    const [all] = await tx.select({ zones: count() }).from(zones).where(eq(zones.orgId, actor.orgId));
    if ((held?.agents ?? 0) > 0)
      throw new HubError("zone-not-empty", `The zone holds ${held?.agents ?? 0} agents. Move them first.`, {
        facts: { agents: held?.agents ?? 0 },
      });
    if ((all?.zones ?? 0) <= 1) throw new HubError("conflict", "This is the last zone; agents need one.");
    await tx.delete(zones).where(eq(zones.id, id));
    await recordAudit(tx, {
      kind: "zone.deleted",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(zone),
      ip: actor.ip,
      data: {},
    });
  });
}

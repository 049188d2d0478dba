// Enrolment tokens: single use, fifteen minutes, hashed at rest. Making one, and following what becomes of it.

import { newId } from "@sallyport/protocol/ids";
import { and, eq, isNull } from "drizzle-orm";
import type { AuditActor } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { hashToken, newToken } from "../platform/secret.ts";
import type { FleetDeps } from "./deps.ts";
import { type AgentRow, agents, type EnrolmentTokenRow, enrolmentTokens } from "./schema.ts";
import { ensureZone, findZone } from "./zones.ts";

/** Long enough to log in to a host and paste a line. */
const lifetimeMs = 15 * 60_000;

export async function createEnrolmentToken(
  deps: FleetDeps,
  actor: Actor,
  input: { zoneId?: string | undefined; name?: string | undefined },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  assertMay(actor, "enrol");
  if (input.zoneId !== undefined && (await findZone(deps.db, actor.orgId, input.zoneId)) === null) throw notFound("zone");
  return makeToken(deps, { orgId: actor.orgId, actor: auditActor(actor), ip: actor.ip }, input);
}

/** For whoever holds the data folder: the start script and the command line on the hub's host. */
export async function makeToken(
  deps: FleetDeps,
  by: { orgId: string; actor: AuditActor; ip: string | null },
  input: { zoneId?: string | undefined; name?: string | undefined },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  const now = deps.clock.now();
  const token = newToken("spt");
  const zoneId = input.zoneId ?? (await ensureZone(deps, by.orgId)).id;
  const row = {
    id: newId("tok"),
    orgId: by.orgId,
    tokenHash: hashToken(token),
    zoneId,
    name: input.name ?? null,
    createdBy: by.actor.id,
    createdAt: now,
    expiresAt: new Date(now.getTime() + lifetimeMs),
  };
  await deps.db.transaction(async (tx) => {
    await tx.insert(enrolmentTokens).values(row);
    await recordAudit(tx, {
      kind: "enrolment.token-created",
      orgId: by.orgId,
      actor: by.actor,
      subject: { kind: "token", id: row.id, name: input.name ?? "" },
      ip: by.ip,
      data: { expiresAt: row.expiresAt.toISOString() },
    });
  });
  return { id: row.id, token, expiresAt: row.expiresAt };
}

/** The installer runs on a host with this token; the panel that shows the line turns to "installing". Unknown tokens are nobody's business. */
export async function noteInstallStarted(deps: FleetDeps, token: string): Promise<void> {
  const [row] = await deps.db
    .update(enrolmentTokens)
    .set({ installStartedAt: deps.clock.now() })
    .where(
      and(
        eq(enrolmentTokens.tokenHash, hashToken(token)),
        isNull(enrolmentTokens.usedAt),
        isNull(enrolmentTokens.installStartedAt),
      ),
    )
    .returning();
  if (row !== undefined) deps.changes.announce(row.orgId, "enrolment", row.id);
}

export async function findEnrolmentToken(
  db: Queryable,
  orgId: string,
  id: string,
): Promise<{ token: EnrolmentTokenRow; agent: AgentRow | null } | null> {
  const [row] = await db
    .select({ token: enrolmentTokens, agent: agents })
    .from(enrolmentTokens)
    .leftJoin(agents, eq(agents.id, enrolmentTokens.agentId))
    .where(and(eq(enrolmentTokens.orgId, orgId), eq(enrolmentTokens.id, id)));
  return row ?? null;
}

// Periodic work of identity.
import { and, eq, inArray, isNotNull, isNull, lt, lte, not, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { IdentityDeps } from "./deps.ts";
import type { EndWorkOf } from "./manage-people.ts";
import { lockActiveAdministrators, mayActNow } from "./people.ts";
import { authSessions, signInPolicies, users } from "./schema.ts";

/**
 * Ends the sign-ins of people whose time is over and what they have open. Each second: what is said to have ended has ended within two.
 * Looks at what is open now rather than at who expired lately, so a hub that was away catches up.
 *
 * @param atWork people with something open in this process.
 */
export async function endExpired({ db, clock }: IdentityDeps, endWorkOf: EndWorkOf, atWork: () => string[]): Promise<void> {
  const now = clock.now();
  const over = await db
    .selectDistinct({ id: users.id, name: users.name, orgId: users.orgId, expiresAt: users.expiresAt })
    .from(users)
    .innerJoin(authSessions, eq(authSessions.userId, users.id))
    .where(and(lte(users.expiresAt, now), isNull(users.disabledAt)));
  for (const { id, name, orgId, expiresAt } of over)
    await db.transaction(async (tx) => {
      await tx.delete(authSessions).where(eq(authSessions.userId, id));
      await recordAudit(tx, {
        kind: "person.expired",
        orgId,
        actor: null,
        subject: { kind: "person", id, name },
        ip: null,
        data: { at: expiresAt?.toISOString() ?? "" },
      });
    });
  const open = atWork();
  if (open.length === 0) return;
  const mayNot = mayActNow(now);
  if (mayNot === undefined) return;
  const idle = await db
    .select({ id: users.id })
    .from(users)
    .where(and(inArray(users.id, open), not(mayNot)));
  for (const { id } of idle) await endWorkOf(id);
}

const dayMs = 86_400_000;

/**
 * Disables who has not signed in for as long as their organisation says. Never the last administrator: somebody must be able to enable the
 * others. Once an hour, since the rule counts days.
 */
export async function disableIdle({ db, clock }: Pick<IdentityDeps, "db" | "clock">, endWorkOf: EndWorkOf): Promise<void> {
  const now = clock.now();
  const policies = await db.select().from(signInPolicies).where(isNotNull(signInPolicies.idleDaysMax));
  for (const { orgId, idleDaysMax } of policies) {
    const days = idleDaysMax ?? 0;
    const since = new Date(now.getTime() - days * dayMs);
    const idle = await db
      .select()
      .from(users)
      .where(
        and(
          eq(users.orgId, orgId),
          mayActNow(now),
          lt(sql`greatest(${users.createdAt}, ${users.lastSignInAt}, ${users.enabledAt})`, since.toISOString()),
        ),
      );
    for (const user of idle) {
      const disabled = await db.transaction(async (tx) => {
        const administrators = await lockActiveAdministrators(tx, orgId);
        if (user.role === "admin" && administrators.every((id) => id === user.id)) return false;
        await tx.update(users).set({ disabledAt: now }).where(eq(users.id, user.id));
        await tx.delete(authSessions).where(eq(authSessions.userId, user.id));
        await recordAudit(tx, {
          kind: "person.idle",
          orgId,
          actor: null,
          subject: { kind: "person", id: user.id, name: user.name },
          ip: null,
          data: { days },
        });
        return true;
      });
      if (disabled) await endWorkOf(user.id);
    }
  }
}

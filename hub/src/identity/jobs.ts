// Periodic work of identity.
import { and, eq, inArray, isNull, lte, not } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { IdentityDeps } from "./deps.ts";
import type { EndWorkOf } from "./manage-people.ts";
import { mayActNow } from "./people.ts";
import { authSessions, users } from "./schema.ts";

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

// A person who forgot the password asks for a link. Whether there is such a person is told to nobody but the mailbox.
import { and, eq, gt, isNull } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { makePasswordLink } from "./password-links.ts";
import { findUserByEmail } from "./people.ts";
import { mayAct } from "./person-state.ts";
import { passwordLinks, type UserRow } from "./schema.ts";

/** A mailbox gets one link in this time, however often somebody asks: asking must not be a way to fill it. */
const quietMs = 5 * 60_000;

/** Null when nobody with this address may set a password now, or a link was made just before. */
export async function requestReset(
  { db, clock }: IdentityDeps,
  email: string,
  origin: Origin,
): Promise<{ user: UserRow; token: string; expiresAt: Date } | null> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const user = await findUserByEmail(tx, email);
    if (user === null || !mayAct(user, now)) return null;
    const [recent] = await tx
      .select({ at: passwordLinks.createdAt })
      .from(passwordLinks)
      .where(
        and(
          eq(passwordLinks.userId, user.id),
          eq(passwordLinks.purpose, "reset"),
          isNull(passwordLinks.usedAt),
          gt(passwordLinks.createdAt, new Date(now.getTime() - quietMs)),
        ),
      );
    if (recent !== undefined) return null;
    const link = await makePasswordLink(tx, { orgId: user.orgId, purpose: "reset", userId: user.id }, now);
    await recordAudit(tx, {
      kind: "person.reset-requested",
      orgId: user.orgId,
      actor: null,
      subject: { kind: "person", id: user.id, name: user.name },
      ip: origin.ip,
      data: {},
    });
    return { user, ...link };
  });
}

// Links with which somebody sets a password: the first administrator, an invited person, one who forgot. Single use, hashed at rest.
import { and, eq, gt, isNull } from "drizzle-orm";
import { inPieces, type Queryable, type Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { hashToken, newToken } from "../platform/secret.ts";
import { passwordLinks } from "./schema.ts";

const lifetimeMs = { setup: 24 * 3_600_000, invite: 7 * 24 * 3_600_000, reset: 24 * 3_600_000 };
export type LinkPurpose = keyof typeof lifetimeMs;

/** Makes a link's token; older ones of the same purpose and person die. */
export async function makePasswordLink(
  tx: Queryable,
  link: { orgId: string; purpose: LinkPurpose; userId: string | null },
  now: Date,
): Promise<{ token: string; expiresAt: Date }> {
  await tx
    .delete(passwordLinks)
    .where(
      and(
        eq(passwordLinks.purpose, link.purpose),
        link.userId === null ? isNull(passwordLinks.userId) : eq(passwordLinks.userId, link.userId),
        isNull(passwordLinks.usedAt),
      ),
    );
  const token = newToken(`sp${link.purpose[0] ?? ""}`);
  const expiresAt = new Date(now.getTime() + lifetimeMs[link.purpose]);
  await tx.insert(passwordLinks).values({ ...link, tokenHash: hashToken(token), createdAt: now, expiresAt });
  return { token, expiresAt };
}

/** Of people just made, who have none yet. Tokens in the order of the ids. */
export async function makeInvitations(tx: Transaction, orgId: string, userIds: readonly string[], now: Date) {
  const expiresAt = new Date(now.getTime() + lifetimeMs.invite);
  const made = userIds.map((userId) => ({ userId, token: newToken("spi") }));
  const rows = made.map(({ userId, token }) => ({
    orgId,
    purpose: "invite" as const,
    userId,
    tokenHash: hashToken(token),
    createdAt: now,
    expiresAt,
  }));
  for (const piece of inPieces(rows, 1_000)) await tx.insert(passwordLinks).values(piece);
  return made.map(({ token }) => ({ token, expiresAt }));
}

/** Looks without using. Null for used, expired and unknown alike. */
export async function findPasswordLink(db: Queryable, token: string, now: Date) {
  const [row] = await db
    .select()
    .from(passwordLinks)
    .where(and(eq(passwordLinks.tokenHash, hashToken(token)), isNull(passwordLinks.usedAt), gt(passwordLinks.expiresAt, now)));
  return row ?? null;
}

/** Uses the link up; of two at once, one wins. @throws HubError `bad-token`. */
export async function usePasswordLink(tx: Transaction, token: string, now: Date) {
  const [row] = await tx
    .update(passwordLinks)
    .set({ usedAt: now })
    .where(and(eq(passwordLinks.tokenHash, hashToken(token)), isNull(passwordLinks.usedAt), gt(passwordLinks.expiresAt, now)))
    .returning();
  if (row === undefined) throw badLink();
  return row;
}

export const badLink = (): HubError =>
  new HubError(
    "bad-token",
    "This link was used, has expired or is not complete. Ask for a new one; a fresh hub prints one at each start.",
  );

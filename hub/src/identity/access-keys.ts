// Access keys: how programs sign in. `sp_` and 256 random bits, shown once, stored as a hash; they carry their person's role.

import { newId } from "@sallyport/protocol/ids";
import { and, desc, eq, gt, isNull, or } from "drizzle-orm";
import type { AuditActor } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { hashToken, newToken } from "../platform/secret.ts";
import type { IdentityDeps } from "./deps.ts";
import { mayActNow } from "./people.ts";
import { type AccessKeyRow, accessKeys, type UserRow, users } from "./schema.ts";

const prefixChars = 9; // "sp_" and six characters
const dayMs = 86_400_000;
/** Writing last use on every request would make each a transaction. */
const lastUsedStepMs = 60_000;

export async function createAccessKey(
  { db, clock }: IdentityDeps,
  owner: { id: string; orgId: string },
  actor: AuditActor,
  ip: string | null,
  input: { name: string; expiresInDays?: number | undefined },
): Promise<{ id: string; key: string }> {
  const now = clock.now();
  const key = newToken("sp");
  const row = {
    id: newId("key"),
    orgId: owner.orgId,
    userId: owner.id,
    name: input.name,
    prefix: key.slice(0, prefixChars),
    keyHash: hashToken(key),
    createdAt: now,
    expiresAt: input.expiresInDays === undefined ? null : new Date(now.getTime() + input.expiresInDays * dayMs),
  };
  await db.transaction(async (tx) => {
    await tx.insert(accessKeys).values(row);
    await recordAudit(tx, {
      kind: "key.created",
      orgId: owner.orgId,
      actor,
      subject: { kind: "key", id: row.id, name: row.name },
      ip,
      data: { name: row.name, prefix: row.prefix },
    });
  });
  return { id: row.id, key };
}

/** @throws HubError `not-found` for another person's key too. */
export async function revokeAccessKey(
  { db, clock }: IdentityDeps,
  owner: { id: string; orgId: string; name: string; ip: string | null },
  id: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(accessKeys)
      .set({ revokedAt: clock.now() })
      .where(and(eq(accessKeys.id, id), eq(accessKeys.userId, owner.id), isNull(accessKeys.revokedAt)))
      .returning();
    if (row === undefined) throw notFound("access key");
    await recordAudit(tx, {
      kind: "key.revoked",
      orgId: owner.orgId,
      actor: { id: owner.id, name: owner.name },
      subject: { kind: "key", id: row.id, name: row.name },
      ip: owner.ip,
      data: { name: row.name, prefix: row.prefix },
    });
  });
}

export async function listAccessKeys(db: Queryable, userId: string): Promise<AccessKeyRow[]> {
  return db
    .select()
    .from(accessKeys)
    .where(and(eq(accessKeys.userId, userId), isNull(accessKeys.revokedAt)))
    .orderBy(desc(accessKeys.createdAt));
}

/** The person behind a key and where it was made, or null: unknown, revoked, expired, disabled. */
export async function findByAccessKey(
  { db, clock }: IdentityDeps,
  key: string,
): Promise<{ user: UserRow; keyId: string; orgId: string } | null> {
  const now = clock.now();
  const [row] = await db
    .select({ user: users, key: accessKeys })
    .from(accessKeys)
    .innerJoin(users, eq(users.id, accessKeys.userId))
    .where(
      and(
        eq(accessKeys.keyHash, hashToken(key)),
        isNull(accessKeys.revokedAt),
        or(isNull(accessKeys.expiresAt), gt(accessKeys.expiresAt, now)),
        mayActNow(now),
      ),
    );
  if (row === undefined) return null;
  if (row.key.lastUsedAt === null || now.getTime() - row.key.lastUsedAt.getTime() > lastUsedStepMs)
    await db.update(accessKeys).set({ lastUsedAt: now }).where(eq(accessKeys.id, row.key.id));
  return { user: row.user, keyId: row.key.id, orgId: row.key.orgId };
}

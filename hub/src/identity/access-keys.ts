// Access keys: how programs sign in. `sp_` and 256 random bits, shown once, stored as a hash; they carry their person's role.

import { newId } from "@sallyport/protocol/ids";
import { and, desc, eq, gt, isNull, or } from "drizzle-orm";
import type { AuditActor } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { isInside } from "../platform/networks.ts";
import { hashToken, newToken } from "../platform/secret.ts";
import { type Actor, assertMay, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { freshMfa } from "./fresh-mfa.ts";
import type { CreateKey, KeyScope } from "./input.ts";
import { mayActNow } from "./people.ts";
import { type AccessKeyRow, accessKeys, type Permission, type UserRow, users } from "./schema.ts";

const prefixChars = 9; // "sp_" and six characters
const dayMs = 86_400_000;
/** Writing last use on every request would make each a transaction. */
const lastUsedStepMs = 60_000;

/** What a key's person must be allowed himself, when he makes one and each time it is used. */
const behind: Partial<Record<KeyScope, Permission>> = {
  "tickets.on-behalf": "tickets.manage",
  "access.at-once": "grants.manage",
};

/** @throws HubError `forbidden`, and `confirm-first` for one that acts for others. */
export function createAccessKey(deps: IdentityDeps, owner: Actor, input: CreateKey): Promise<{ id: string; key: string }> {
  for (const scope of input.scopes ?? []) {
    const permission = behind[scope];
    if (permission === undefined) continue;
    assertMay(owner, permission);
    freshMfa(owner, deps.clock.now());
  }
  return insertAccessKey(deps, owner, auditActor(owner), owner.ip, input);
}

/** By whoever runs this machine, for anybody on it; the caller says who that is. */
export async function insertAccessKey(
  { db, clock }: IdentityDeps,
  owner: { id: string; orgId: string },
  actor: AuditActor,
  ip: string | null,
  { name, expiresInDays, scopes, addresses }: CreateKey,
): Promise<{ id: string; key: string }> {
  const now = clock.now();
  const key = newToken("sp");
  const row = {
    id: newId("key"),
    orgId: owner.orgId,
    userId: owner.id,
    name,
    prefix: key.slice(0, prefixChars),
    keyHash: hashToken(key),
    scopes,
    addresses,
    createdAt: now,
    expiresAt: expiresInDays === undefined ? null : new Date(now.getTime() + expiresInDays * dayMs),
  };
  await db.transaction(async (tx) => {
    await tx.insert(accessKeys).values(row);
    await recordAudit(tx, {
      kind: "key.created",
      orgId: owner.orgId,
      actor,
      subject: { kind: "key", id: row.id, name },
      ip,
      data: { name, prefix: row.prefix, scopes: (scopes ?? []).join(", "), addresses: addresses.join(", ") },
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

/**
 * A key that was made to act for others does, for a person who may still allow it.
 *
 * @throws HubError `key-scope` for any other way to ask, `forbidden`.
 */
export function assertKeyFor(actor: Actor, scope: KeyScope): { keyId: string } {
  if (actor.via.kind !== "key" || actor.via.scopes?.includes(scope) !== true)
    throw new HubError("key-scope", `This is for access keys that were made for ${scope}. Make one in the console.`, {
      facts: { scopes: scope },
    });
  const permission = behind[scope];
  if (permission !== undefined) assertMay(actor, permission);
  return { keyId: actor.via.keyId };
}

/** The person behind a key and where it was made, or null: unknown, revoked, expired, disabled, or from an address that it is not for. */
export async function findByAccessKey(
  { db, clock }: IdentityDeps,
  key: string,
  ip: string | null,
): Promise<{ user: UserRow; keyId: string; orgId: string; scopes: KeyScope[] | null } | null> {
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
  const { addresses, scopes } = row.key;
  if (addresses.length > 0 && (ip === null || !isInside(addresses, ip))) return null;
  if (row.key.lastUsedAt === null || now.getTime() - row.key.lastUsedAt.getTime() > lastUsedStepMs)
    await db.update(accessKeys).set({ lastUsedAt: now }).where(eq(accessKeys.id, row.key.id));
  return { user: row.user, keyId: row.key.id, orgId: row.key.orgId, scopes };
}

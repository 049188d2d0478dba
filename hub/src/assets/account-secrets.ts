// The secrets of accounts, in and out of the vault. Whoever gets one has been authorised by the caller; nothing here is shown to anybody.
import { and, eq, lt, sql } from "drizzle-orm";
import type { Database, Queryable, Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { rewrappedAtOnce, type SealedRows, sealedRows } from "../platform/sealed-rows.ts";
import { keyNumberOf, type SealedPlace, type Vault } from "../platform/vault.ts";
import { type AccountRow, accountSecrets, accounts } from "./schema.ts";
import { parseSecret, type Secret } from "./secret.ts";

const placeOf = (row: { orgId: string; accountId: string; version: number }): SealedPlace => ({
  orgId: row.orgId,
  table: "account_secrets",
  row: row.accountId,
  field: "sealed",
  version: row.version,
});

/**
 * Stores a new version and makes it the one in use. Older ones stay.
 *
 * @returns its number, 1 for the first.
 */
export async function addSecret(
  tx: Transaction,
  vault: Vault,
  account: Pick<AccountRow, "id" | "orgId">,
  secret: Secret,
  by: { id: string | null; at: Date; use: boolean },
): Promise<number> {
  const [last] = await tx
    .select({ version: sql<number>`coalesce(max(${accountSecrets.version}), 0)::int` })
    .from(accountSecrets)
    .where(eq(accountSecrets.accountId, account.id));
  const version = (last?.version ?? 0) + 1;
  const plain = Buffer.from(JSON.stringify(secret));
  const sealed = vault.seal(plain, placeOf({ orgId: account.orgId, accountId: account.id, version }));
  plain.fill(0);
  await tx.insert(accountSecrets).values({
    accountId: account.id,
    orgId: account.orgId,
    version,
    sealed,
    vaultKey: keyNumberOf(sealed),
    createdAt: by.at,
    createdBy: by.id,
  });
  if (by.use) await tx.update(accounts).set({ version, updatedAt: by.at }).where(eq(accounts.id, account.id));
  return version;
}

/** @throws HubError `no-secret` before the account has one, or without this version. */
export async function readSecret(
  db: Queryable,
  vault: Vault,
  account: Pick<AccountRow, "id" | "orgId" | "version" | "username">,
  version = account.version,
): Promise<Secret> {
  const [row] = await db
    .select()
    .from(accountSecrets)
    .where(and(eq(accountSecrets.accountId, account.id), eq(accountSecrets.version, version)));
  if (row === undefined)
    throw new HubError("no-secret", `No secret is stored for ${account.username}. Set one in the accounts of the asset.`, {
      facts: { account: account.username },
    });
  const plain = vault.open(row.sealed, placeOf(row));
  try {
    return parseSecret(plain.toString("utf8"));
  } finally {
    plain.fill(0);
  }
}

/** Each row says which key it has, so a hub that is killed midway goes on where it stopped. */
export const sealedAccountSecrets = (db: Database, vault: Vault): SealedRows =>
  sealedRows(db, accountSecrets, accountSecrets.vaultKey, async () => {
    const rows = await db.select().from(accountSecrets).where(lt(accountSecrets.vaultKey, vault.current)).limit(rewrappedAtOnce);
    for (const row of rows) {
      const sealed = vault.rewrap(row.sealed, placeOf(row));
      await db
        .update(accountSecrets)
        .set({ sealed, vaultKey: keyNumberOf(sealed) })
        .where(and(eq(accountSecrets.accountId, row.accountId), eq(accountSecrets.version, row.version)));
    }
    return rows.length;
  });

// What this hub proves itself with to a provider, in and out of the vault. Never shown to anybody.
import { and, eq, isNotNull, lt } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { rewrappedAtOnce, type SealedRows, sealedRows } from "../platform/sealed-rows.ts";
import { keyNumberOf, type SealedPlace, type Vault } from "../platform/vault.ts";
import { identityProviders, type ProviderRow } from "./schema.ts";

type Place = Pick<ProviderRow, "id" | "orgId" | "secretVersion">;

const placeOf = ({ orgId, id, secretVersion }: Place): SealedPlace => ({
  orgId,
  table: "identity_providers",
  row: id,
  field: "secret",
  version: secretVersion,
});

/** The columns of a row with this secret. */
export function sealProviderSecret(vault: Vault, row: Place, text: string | null) {
  if (text === null) return { secret: null, vaultKey: null };
  const secret = vault.seal(Buffer.from(text), placeOf(row));
  return { secret, vaultKey: keyNumberOf(secret) };
}

export const openProviderSecret = (vault: Vault, row: Place & Pick<ProviderRow, "secret">): string | null =>
  row.secret === null ? null : vault.open(row.secret, placeOf(row)).toString();

export const sealedProviders = (db: Database, vault: Vault): SealedRows =>
  sealedRows(db, identityProviders, identityProviders.vaultKey, async () => {
    const rows = await db
      .select()
      .from(identityProviders)
      .where(and(isNotNull(identityProviders.secret), lt(identityProviders.vaultKey, vault.current)))
      .limit(rewrappedAtOnce);
    for (const row of rows) {
      if (row.secret === null) continue;
      const secret = vault.rewrap(row.secret, placeOf(row));
      await db
        .update(identityProviders)
        .set({ secret, vaultKey: keyNumberOf(secret) })
        .where(and(eq(identityProviders.id, row.id), eq(identityProviders.secretVersion, row.secretVersion)));
    }
    return rows.length;
  });

// The secrets of authenticator apps when the hub's key changes, and those that a hub before the vault sealed in a way of its own.
import { createDecipheriv } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { and, eq, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { syncFolder } from "../platform/files.ts";
import { rewrappedAtOnce, type SealedRows, sealedRows } from "../platform/sealed-rows.ts";
import { type Vault, VaultError } from "../platform/vault.ts";
import { type TotpRow, totpSecrets } from "./schema.ts";
import { sealTotp, type TotpColumn, totpPlace } from "./totp.ts";

export const sealedTotp = (db: Database, vault: Vault): SealedRows =>
  sealedRows(db, totpSecrets, totpSecrets.vaultKey, async () => {
    const rows = await db.select().from(totpSecrets).where(lt(totpSecrets.vaultKey, vault.current)).limit(rewrappedAtOnce);
    for (const row of rows) {
      const again = (column: TotpColumn, text: string | null) =>
        text === null ? null : vault.rewrap(Buffer.from(text, "base64"), totpPlace(row, column));
      const [secret, nextSecret] = [again("secret", row.secret), again("next_secret", row.nextSecret)];
      await db
        .update(totpSecrets)
        .set({
          secret: secret?.toString("base64") ?? null,
          nextSecret: nextSecret?.toString("base64") ?? null,
          vaultKey: vault.current,
        })
        .where(asRead(row));
    }
    return rows.length;
  });

/**
 * Secrets sealed with `keys/identity-key` go into the vault. That file goes after the commit, so a hub that is killed on the way does the rest
 * at its next start.
 *
 * @throws VaultError when there are such secrets and the file that opens them is missing.
 */
export async function moveTotpIntoVault(db: Database, vault: Vault, dataDir: string): Promise<void> {
  const keys = path.join(dataDir, "keys");
  const file = path.join(keys, "identity-key");
  await db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(totpSecrets)
      .where(and(isNull(totpSecrets.vaultKey), or(isNotNull(totpSecrets.secret), isNotNull(totpSecrets.nextSecret))));
    if (rows.length === 0) return;
    if (!existsSync(file))
      throw new VaultError("The file identity-key is missing from the keys folder; restore it from the backup.");
    const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
    for (const row of rows) {
      const again = (column: TotpColumn, text: string | null) =>
        text === null
          ? null
          : sealTotp({ vault }, row, column, openBeforeVault(key, text, [row.orgId, "totp_secrets", row.userId, column])).sealed;
      await tx
        .update(totpSecrets)
        .set({
          secret: again("secret", row.secret),
          nextSecret: again("next_secret", row.nextSecret),
          vaultKey: vault.current,
        })
        .where(eq(totpSecrets.userId, row.userId));
    }
  });
  if (!existsSync(file)) return;
  rmSync(file);
  syncFolder(keys);
}

/** Still what was read: somebody who sets up a new app meanwhile is not overwritten, and the next turn comes by again. */
const asRead = ({ userId, secret, nextSecret }: TotpRow): SQL | undefined =>
  and(
    eq(totpSecrets.userId, userId),
    sql`${totpSecrets.secret} is not distinct from ${secret}`,
    sql`${totpSecrets.nextSecret} is not distinct from ${nextSecret}`,
  );

/** `1.` and base64 of nonce 12 · ciphertext · tag 16, AES-256-GCM; the place as JSON is authenticated. */
function openBeforeVault(key: Buffer, text: string, place: string[]): string {
  if (!text.startsWith("1.")) throw new VaultError("A second factor is sealed in a way this hub does not know.");
  const bytes = Buffer.from(text.slice(2), "base64");
  const aead = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(JSON.stringify(place)))
    .setAuthTag(bytes.subarray(-16));
  return aead.update(bytes.subarray(12, -16), undefined, "utf8") + aead.final("utf8");
}

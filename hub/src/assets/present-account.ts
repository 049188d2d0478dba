// Accounts as the console sees them: no secret.
import type { AccountRow } from "./schema.ts";

export const presentAccount = (account: AccountRow) => ({
  id: account.id,
  assetId: account.assetId,
  username: account.username,
  secretKind: account.secretKind,
  privileged: account.privileged,
  active: account.active,
  comment: account.comment,
  suFromId: account.suFromId,
  publicKey: account.publicKey,
  version: account.version,
  checkedAt: account.checkedAt?.toISOString() ?? null,
  checkFailure: account.checkFailure,
  rotateEveryDays: account.rotateEveryDays,
  rotatedAt: account.rotatedAt?.toISOString() ?? null,
  /** A new secret is on its way to the asset. */
  pending: account.pendingVersion !== null,
  updatedAt: account.updatedAt.toISOString(),
});

// Time-based codes (RFC 6238): six digits of SHA-1 each thirty seconds, as every authenticator app makes them. Each code is accepted once.
import { and, eq, isNull, lt, or } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import type { Queryable } from "../platform/database.ts";
import { keyNumberOf, type SealedPlace, type Vault } from "../platform/vault.ts";
import type { IdentityDeps } from "./deps.ts";
import { type TotpRow, totpSecrets } from "./schema.ts";

const periodSeconds = 30;
/** One period to each side: clocks of phones, and codes typed at their end (RFC 6238 §5.2). */
const periodsOff = 1;
/** As long as the hash (RFC 4226 §4 R6). */
const secretBytes = 20;

export const newTotpSecret = (): string => new Secret({ size: secretBytes }).base32;

/** What an authenticator app reads from the picture. */
export const totpUri = (secret: string, { issuer, label }: { issuer: string; label: string }): string =>
  new TOTP({ issuer, label, secret: Secret.fromBase32(secret), period: periodSeconds }).toString();

/** The period in which the code is valid, or null when it is not. */
export function totpPeriod(secret: string, code: string, now: Date): number | null {
  const timestamp = now.getTime();
  const totp = new TOTP({ secret: Secret.fromBase32(secret), period: periodSeconds });
  const off = totp.validate({ token: code, timestamp, window: periodsOff });
  return off === null ? null : Math.floor(timestamp / 1_000 / periodSeconds) + off;
}

export async function findTotp(db: Queryable, userId: string): Promise<TotpRow | null> {
  const [row] = await db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId));
  return row ?? null;
}

export type TotpColumn = "secret" | "next_secret";
export const totpPlace = (row: { orgId: string; userId: string }, column: TotpColumn): SealedPlace => ({
  orgId: row.orgId,
  table: "totp_secrets",
  row: row.userId,
  field: column,
  // One at a time: a new secret takes the old one's place.
  version: 1,
});

/** As the column holds it, and which of the hub's keys wraps it. */
export function sealTotp(
  { vault }: { vault: Vault },
  row: { orgId: string; userId: string },
  column: TotpColumn,
  secret: string,
): { sealed: string; vaultKey: number } {
  const sealed = vault.seal(Buffer.from(secret), totpPlace(row, column));
  return { sealed: sealed.toString("base64"), vaultKey: keyNumberOf(sealed) };
}

export const openTotp = ({ vault }: IdentityDeps, row: TotpRow, column: TotpColumn, sealed: string): string =>
  vault.open(Buffer.from(sealed, "base64"), totpPlace(row, column)).toString();

/** Uses the code up: of two with the same code one is true, and an older one never is again. */
export async function useTotpCode(deps: IdentityDeps, userId: string, code: string): Promise<boolean> {
  const row = await findTotp(deps.db, userId);
  if (row === null || row.secret === null) return false;
  const period = totpPeriod(openTotp(deps, row, "secret", row.secret), code, deps.clock.now());
  if (period === null) return false;
  const used = await deps.db
    .update(totpSecrets)
    .set({ lastPeriod: period })
    .where(and(eq(totpSecrets.userId, userId), or(isNull(totpSecrets.lastPeriod), lt(totpSecrets.lastPeriod, period))))
    .returning({ userId: totpSecrets.userId });
  return used.length > 0;
}

// Recovery codes: for whoever lost the telephone. Ten, each good once, shown once, stored as hashes.
import { randomBytes } from "node:crypto";
import { and, count, eq, isNull } from "drizzle-orm";
import type { Queryable, Transaction } from "../platform/database.ts";
import { hashToken } from "../platform/secret.ts";
import { recoveryCodes } from "./schema.ts";

const codesMade = 10;
/** Without letters that are read as others (Crockford's base 32). */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 bits: their plain hash cannot be searched. */
const lettersPerCode = 16;

const newCode = (): string =>
  [...randomBytes(lettersPerCode)]
    .map((byte) => letters[byte % letters.length] ?? "")
    .join("")
    .replace(/(.{4})(?=.)/g, "$1-");

/** Typed from paper: case, dashes and spaces do not matter. */
const hashOf = (code: string): string => hashToken(code.toLowerCase().replace(/[^0-9a-z]/g, ""));

/** Makes new ones; the old ones are worth nothing from then on. */
export async function makeRecoveryCodes(tx: Transaction, userId: string): Promise<string[]> {
  const codes = Array.from({ length: codesMade }, newCode);
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await tx.insert(recoveryCodes).values(codes.map((code) => ({ userId, codeHash: hashOf(code) })));
  return codes;
}

/** Uses one up; of two at once one is true. */
export async function useRecoveryCode(db: Queryable, userId: string, code: string, now: Date): Promise<boolean> {
  const used = await db
    .update(recoveryCodes)
    .set({ usedAt: now })
    .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeHash, hashOf(code)), isNull(recoveryCodes.usedAt)))
    .returning({ userId: recoveryCodes.userId });
  return used.length > 0;
}

export async function recoveryCodesLeft(db: Queryable, userId: string): Promise<number> {
  const [row] = await db
    .select({ left: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)));
  return row?.left ?? 0;
}

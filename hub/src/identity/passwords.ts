// Setting and checking passwords, hashed the way better-auth reads them (scrypt).

import { newId } from "@sallyport/protocol/ids";
import { and, eq } from "drizzle-orm";
import type { Queryable, Transaction } from "../platform/database.ts";
import type { IdentityDeps } from "./deps.ts";
import { authAccounts } from "./schema.ts";

const passwordAccount = (userId: string) => and(eq(authAccounts.userId, userId), eq(authAccounts.providerId, "credential"));

/** Whatever it is: rules are asked before, in password-rules.ts. Returns the hash. */
export async function setPassword(
  { library, clock }: IdentityDeps,
  tx: Transaction,
  userId: string,
  password: string,
): Promise<string> {
  const now = clock.now();
  const hash = await (await library.$context).password.hash(password);
  const changed = await tx
    .update(authAccounts)
    .set({ password: hash, updatedAt: now })
    .where(passwordAccount(userId))
    .returning({ id: authAccounts.id });
  if (changed.length === 0)
    await tx.insert(authAccounts).values({
      id: newId("acc"),
      accountId: userId,
      providerId: "credential",
      userId,
      password: hash,
      createdAt: now,
      updatedAt: now,
    });
  return hash;
}

/** False for people whom only another system recognises. */
export async function hasPassword(db: Queryable, userId: string): Promise<boolean> {
  const rows = await db.select({ id: authAccounts.id }).from(authAccounts).where(passwordAccount(userId));
  return rows.length > 0;
}

export async function passwordMatches(
  { library }: IdentityDeps,
  db: Queryable,
  userId: string,
  password: string,
): Promise<boolean> {
  const [account] = await db.select({ hash: authAccounts.password }).from(authAccounts).where(passwordAccount(userId));
  return account?.hash ? (await library.$context).password.verify({ hash: account.hash, password }) : false;
}

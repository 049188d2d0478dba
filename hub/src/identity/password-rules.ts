// What an organisation asks of a new password, and when an old one has to go.

import { newId } from "@sallyport/protocol/ids";
import { desc, eq, inArray } from "drizzle-orm";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { IdentityDeps } from "./deps.ts";
import { passwordHistoryMax, type SignInPolicy } from "./input.ts";
import { passwordMatches, setPassword } from "./passwords.ts";
import { oldPasswords, type UserRow, users } from "./schema.ts";
import { findSignInPolicy } from "./sign-in-policy.ts";

const dayMs = 86_400_000;

/** Has this person to choose a new password before being let in? Pure. */
export function mustChangePassword(
  user: Pick<UserRow, "mustChangePassword" | "passwordChangedAt" | "createdAt">,
  { passwordDaysMax }: SignInPolicy,
  now: Date,
): boolean {
  if (user.mustChangePassword) return true;
  if (passwordDaysMax === null) return false;
  return now.getTime() - (user.passwordChangedAt ?? user.createdAt).getTime() > passwordDaysMax * dayMs;
}

/** Sets a password that the organisation's rules allow. @throws HubError `password-too-short`, `password-used-before`. */
export async function setAllowedPassword(
  deps: IdentityDeps,
  tx: Transaction,
  user: Pick<UserRow, "id" | "orgId">,
  password: string,
): Promise<void> {
  const policy = await findSignInPolicy(tx, user.orgId);
  if (password.length < policy.passwordLengthMin)
    throw new HubError("password-too-short", `A password needs at least ${policy.passwordLengthMin} characters here.`, {
      facts: { minimum: policy.passwordLengthMin },
    });
  if (policy.passwordHistory > 0 && (await wasUsed(deps, tx, user.id, password, policy.passwordHistory)))
    throw new HubError("password-used-before", `This is one of your last ${policy.passwordHistory} passwords. Choose another.`, {
      facts: { last: policy.passwordHistory },
    });
  const hash = await setPassword(deps, tx, user.id, password);
  const now = deps.clock.now();
  await tx.insert(oldPasswords).values({ id: newId("opw"), userId: user.id, hash, createdAt: now });
  await tx.update(users).set({ passwordChangedAt: now, mustChangePassword: false }).where(eq(users.id, user.id));
  await forgetOldest(tx, user.id);
}

/** The current one is the first of the last; hashes are compared one after the other, so the number of them is small. */
async function wasUsed(deps: IdentityDeps, tx: Transaction, userId: string, password: string, last: number): Promise<boolean> {
  if (await passwordMatches(deps, tx, userId, password)) return true;
  const rows = await tx
    .select({ hash: oldPasswords.hash })
    .from(oldPasswords)
    .where(eq(oldPasswords.userId, userId))
    .orderBy(desc(oldPasswords.createdAt))
    .limit(last);
  const { verify } = (await deps.library.$context).password;
  for (const { hash } of rows) if (await verify({ hash, password })) return true;
  return false;
}

async function forgetOldest(tx: Transaction, userId: string): Promise<void> {
  const tooOld = await tx
    .select({ id: oldPasswords.id })
    .from(oldPasswords)
    .where(eq(oldPasswords.userId, userId))
    .orderBy(desc(oldPasswords.createdAt))
    .offset(passwordHistoryMax);
  const ids = tooOld.map(({ id }) => id);
  if (ids.length > 0) await tx.delete(oldPasswords).where(inArray(oldPasswords.id, ids));
}

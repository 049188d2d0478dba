// Which second factors somebody has.
import { eq } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { passkeys } from "./schema.ts";
import { findTotp } from "./totp.ts";

/** app: an authenticator app that is set up. */
export async function factorsOf(db: Queryable, userId: string): Promise<{ app: boolean; passkey: boolean }> {
  const [totp, [passkey]] = await Promise.all([
    findTotp(db, userId),
    db.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.userId, userId)).limit(1),
  ]);
  return { app: totp !== null && totp.secret !== null, passkey: passkey !== undefined };
}

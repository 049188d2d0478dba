// better-auth, configured: passwords hashed with scrypt, sign-ins as rows, a cookie. Its HTTP routes are not exposed; our procedures call it.

import { newId } from "@sallyport/protocol/ids";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { betterAuth } from "better-auth/minimal";
import type { Database } from "../platform/database.ts";
import { authAccounts, authSessions, authVerifications, users } from "./schema.ts";

const daySeconds = 86_400;

const idPrefixes: Record<string, string> = { user: "usr", session: "sin", account: "acc" };

/** @param secret signs the cookie; 32 random bytes kept in the data folder. */
export function createSignInLibrary(db: Database, secret: string) {
  return betterAuth({
    secret,
    baseURL: "http://localhost", // only used for links, and it makes none: ours come from the request
    database: drizzleAdapter(db, {
      provider: "pg",
      schema: { user: users, session: authSessions, account: authAccounts, verification: authVerifications },
    }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 200 },
    session: { expiresIn: 7 * daySeconds, updateAge: daySeconds / 24, cookieCache: { enabled: false } }, // no cache: an ended sign-in ends now
    user: {
      additionalFields: {
        orgId: { type: "string", input: false },
        role: { type: "string", input: false },
        username: { type: "string", input: false }, // named here, since it refuses a table with required columns it does not know
        language: { type: "string", required: false, input: false },
        accepted: { type: "boolean", input: false },
        disabledAt: { type: "date", required: false, input: false },
      },
    },
    rateLimit: { enabled: false }, // ours counts per account and per address, in procedures
    telemetry: { enabled: false },
    logger: { disabled: true },
    advanced: {
      cookiePrefix: "sallyport",
      useSecureCookies: false, // it would add a __Secure- prefix, which browsers refuse on http://localhost
      defaultCookieAttributes: { httpOnly: true, secure: true, sameSite: "lax", path: "/" },
      database: { generateId: ({ model }) => newId(idPrefixes[model] ?? "row") },
    },
  });
}

export type SignInLibrary = ReturnType<typeof createSignInLibrary>;

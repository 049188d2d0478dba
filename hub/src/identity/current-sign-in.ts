// The sign-in behind a cookie, however far it has come.
import { eq } from "drizzle-orm";
import { HubError } from "../platform/errors.ts";
import type { IdentityDeps } from "./deps.ts";
import { mayAct } from "./person-state.ts";
import { authSessions, type SignInRow, type UserRow, users } from "./schema.ts";
import { type PendingStage, pendingStage } from "./sign-in-stage.ts";

export type CurrentSignIn = { user: UserRow; signIn: SignInRow };

/** Null for no cookie, one that is not ours, an ended sign-in, and a person who may not act. */
export async function findSignIn(
  { db, clock, library }: IdentityDeps,
  cookie: string | undefined,
): Promise<CurrentSignIn | null> {
  if (cookie === undefined) return null;
  const known = await library.api.getSession({ headers: new Headers({ cookie }) });
  if (known === null) return null;
  const [row] = await db
    .select({ user: users, signIn: authSessions })
    .from(authSessions)
    .innerJoin(users, eq(users.id, authSessions.userId))
    .where(eq(authSessions.id, known.session.id));
  return row !== undefined && mayAct(row.user, clock.now()) ? row : null;
}

/** A sign-in that waits for one of these. @throws HubError `not-signed-in` for any other. */
export async function pendingSignIn(
  deps: IdentityDeps,
  cookie: string | undefined,
  ...stages: readonly PendingStage[]
): Promise<CurrentSignIn> {
  const current = await findSignIn(deps, cookie);
  const stage = current === null ? null : pendingStage(current.signIn.stage, current.signIn.createdAt, deps.clock.now());
  if (current === null || stage === null || !stages.includes(stage))
    throw new HubError("not-signed-in", "This sign-in has taken too long or has ended. Begin again with your password.");
  return current;
}

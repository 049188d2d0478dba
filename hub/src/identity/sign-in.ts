// Signing in with e-mail and password.
import { eq, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { HubError } from "../platform/errors.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { factorsOf } from "./factors.ts";
import { freeAttempts, lockedUntil } from "./lock-out.ts";
import { mustChangePassword } from "./password-rules.ts";
import { findUserByEmail, isActive } from "./people.ts";
import { mayAct } from "./person-state.ts";
import { authSessions, type UserRow, users } from "./schema.ts";
import { findSignInPolicy } from "./sign-in-policy.ts";
import { type SignInStage, stageAfterPassword } from "./sign-in-stage.ts";

/**
 * Returns the person, the cookie header, and what is still to be shown before the cookie is worth anything.
 *
 * @throws HubError `rate-limited` for an address that guesses, `locked-out` for an account under guessing, and
 *   `bad-credentials` for everything else: an unknown address, a wrong password, a disabled and an expired account look the same.
 */
export async function signIn(
  deps: IdentityDeps,
  input: { email: string; password: string },
  origin: Origin,
): Promise<{ user: UserRow; stage: SignInStage; setCookie: string[] }> {
  const { db, clock, library, attempts, unknownAddresses } = deps;
  const now = clock.now();
  const allowed = attempts.take(origin.ip ?? "unknown", now.getTime());
  if (!allowed.ok)
    throw new HubError("rate-limited", `Too many tries from this address. Try again in ${allowed.retryAfterSeconds} seconds.`, {
      facts: { retryAfterSeconds: allowed.retryAfterSeconds },
    });

  const user = await findUserByEmail(db, input.email);
  const locked = user === null ? unknownAddresses.lockedUntil(input.email) : user.lockedUntil;
  if (locked !== null && locked > now) throw lockedOut(locked, now);

  // The try is counted before the password is looked at: a hundred at once are a hundred tries.
  const failures = user === null ? unknownAddresses.count(input.email, now) : await countTry(deps, user);
  if (failures > freeAttempts) throw await lock(deps, user, failures, origin);
  const made = await library.api
    .signInEmail({
      body: input,
      headers: new Headers({ "user-agent": origin.userAgent, "x-forwarded-for": origin.ip ?? "" }),
      returnHeaders: true,
    })
    .catch(() => null); // the library throws for a wrong password
  if (user === null || made === null || !mayAct(user, now) || !(await isActive(db, user.orgId))) {
    if (made !== null)
      await library.api.revokeSession({ body: { token: made.response.token }, headers: cookieOf(made.headers) }).catch(() => {});
    if (failures >= freeAttempts) throw await lock(deps, user, failures, origin);
    if (user !== null)
      await db.transaction((tx) =>
        recordAudit(tx, {
          kind: "person.sign-in-failed",
          orgId: user.orgId,
          actor: null,
          subject: { kind: "person", id: user.id, name: user.name },
          ip: origin.ip,
          data: { email: user.email, attempts: failures },
        }),
      );
    const attemptsLeft = Math.max(0, freeAttempts - failures);
    throw new HubError("bad-credentials", "E-mail address or password is wrong.", { facts: { attemptsLeft } });
  }
  await db.update(users).set({ failedSignIns: 0, lockedUntil: null }).where(eq(users.id, user.id));
  const [row] = await db.select().from(authSessions).where(eq(authSessions.token, made.response.token));
  if (row === undefined) throw new Error("the sign-in just made is not there");
  const stage = await askForSecond(deps, user, row.id);
  return {
    user,
    stage: stage === "in" ? await goOn(deps, user, row.id, origin) : stage,
    setCookie: made.headers.getSetCookie(),
  };
}

/** The first factor was shown: has the sign-in to wait for a second one? "in" when not; then goOn() or letIn() follows. */
export async function askForSecond({ db, clock }: IdentityDeps, user: UserRow, signInId: string): Promise<SignInStage> {
  const [has, policy] = await Promise.all([factorsOf(db, user.id), findSignInPolicy(db, user.orgId)]);
  const stage = stageAfterPassword({
    hasApp: has.app,
    hasPasskey: has.passkey,
    needsSecondFactor: policy.mfaRoles.includes(user.role),
  });
  if (stage !== "in") await db.update(authSessions).set({ stage, createdAt: clock.now() }).where(eq(authSessions.id, signInId));
  return stage;
}

/** All factors were shown: in, unless a new password is due first. Whom another system recognised showed no password of ours. */
export async function goOn(
  deps: IdentityDeps,
  user: UserRow,
  signInId: string,
  origin: Origin,
): Promise<"in" | "review" | "password"> {
  const now = deps.clock.now();
  const [row] = await deps.db
    .select({ providerId: authSessions.providerId })
    .from(authSessions)
    .where(eq(authSessions.id, signInId));
  if (row !== undefined && row.providerId !== null) return letIn(deps, user, signInId, origin);
  if (mustChangePassword(user, await findSignInPolicy(deps.db, user.orgId), now)) {
    await deps.db.update(authSessions).set({ stage: "password", createdAt: now }).where(eq(authSessions.id, signInId));
    return "password";
  }
  return letIn(deps, user, signInId, origin);
}

/**
 * The last step of every way in: from now on the sign-in is its person's, unless a rule lets somebody else look at it first. Then it is asked once more when
 * that was decided.
 *
 * @param confirmedAt when the person showed a factor, if not just now; null when nobody knows.
 * @throws HubError `rule-refused`.
 */
export async function letIn(
  deps: IdentityDeps,
  user: UserRow,
  signInId: string,
  origin: Origin,
  confirmedAt: Date | null = deps.clock.now(),
): Promise<"in" | "review"> {
  const { db, clock } = deps;
  const now = clock.now();
  const mine = eq(authSessions.id, signInId);
  const reviewId = await deps.heldUp(user, origin).catch(async (error: unknown) => {
    await db.delete(authSessions).where(mine);
    throw error;
  });
  if (reviewId !== null) {
    await db.update(authSessions).set({ stage: "review", reviewId, confirmedAt, createdAt: now }).where(mine);
    return "review";
  }
  await db.transaction(async (tx) => {
    await tx.update(authSessions).set({ stage: "in", confirmedAt }).where(mine);
    await tx.update(users).set({ lastSignInAt: now }).where(eq(users.id, user.id));
    await recordAudit(tx, {
      kind: "person.signed-in",
      orgId: user.orgId,
      actor: { id: user.id, name: user.name },
      subject: { kind: "person", id: user.id, name: user.name },
      ip: origin.ip,
      data: { userAgent: origin.userAgent },
    });
  });
  return "in";
}

/** The headers of a request that carries the cookies just made. */
const cookieOf = (headers: Headers): Headers =>
  new Headers({
    cookie: headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0] ?? "")
      .join("; "),
  });

async function countTry({ db }: IdentityDeps, user: UserRow): Promise<number> {
  const [row] = await db
    .update(users)
    .set({ failedSignIns: sql`${users.failedSignIns} + 1` })
    .where(eq(users.id, user.id))
    .returning({ failures: users.failedSignIns });
  return row?.failures ?? 0;
}

async function lock({ db, clock }: IdentityDeps, user: UserRow | null, failures: number, origin: Origin): Promise<HubError> {
  const now = clock.now();
  const until = lockedUntil(failures, now) ?? now;
  if (user !== null) {
    await db.transaction(async (tx) => {
      await tx.update(users).set({ lockedUntil: until }).where(eq(users.id, user.id));
      await recordAudit(tx, {
        kind: "person.locked",
        orgId: user.orgId,
        actor: null,
        subject: { kind: "person", id: user.id, name: user.name },
        ip: origin.ip,
        data: { until: until.toISOString() },
      });
    });
  }
  return lockedOut(until, now);
}

export function lockedOut(until: Date, now: Date): HubError {
  const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000));
  return new HubError(
    "locked-out",
    `This account is locked after too many wrong passwords. Try again in ${retryAfterSeconds} seconds, or ask an administrator to unlock it.`,
    { facts: { retryAfterSeconds } },
  );
}

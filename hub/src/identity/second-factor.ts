// The second factor: set up, shown at sign-in and again before grave acts, replaced, taken away.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { HubError } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import type { CurrentSignIn } from "./current-sign-in.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { factorsOf } from "./factors.ts";
import { freshMfa } from "./fresh-mfa.ts";
import { countGuess, forgetGuesses, guessesMax } from "./guesses.ts";
import { type EndWorkOf, subjectOf, withPerson } from "./manage-people.ts";
import { hasPassword, passwordMatches } from "./passwords.ts";
import { makeRecoveryCodes, recoveryCodesLeft, useRecoveryCode } from "./recovery-codes.ts";
import { authSessions, passkeys, recoveryCodes, totpSecrets, type UserRow } from "./schema.ts";
import { goOn } from "./sign-in.ts";
import { findSignInPolicy } from "./sign-in-policy.ts";
import { findTotp, newTotpSecret, openTotp, sealTotp, totpPeriod, totpUri, useTotpCode } from "./totp.ts";

type Person = Pick<UserRow, "id" | "name" | "orgId" | "email">;

/** Of a person, for their settings. */
export async function secondFactorOf({ db }: IdentityDeps, user: Pick<UserRow, "id" | "orgId" | "role">) {
  const [totp, left, policy, password] = await Promise.all([
    findTotp(db, user.id),
    recoveryCodesLeft(db, user.id),
    findSignInPolicy(db, user.orgId),
    hasPassword(db, user.id),
  ]);
  return {
    totp: totp !== null && totp.secret !== null,
    password,
    recoveryCodesLeft: left,
    required: policy.mfaRoles.includes(user.role),
  };
}

/** A new secret that counts once a code of it was shown; until then the old one does. */
export async function beginTotp(deps: IdentityDeps, person: Person, issuer: string): Promise<{ secret: string; uri: string }> {
  const secret = newTotpSecret();
  const row = { userId: person.id, orgId: person.orgId };
  const { sealed: nextSecret, vaultKey } = sealTotp(deps, row, "next_secret", secret);
  await deps.db
    .insert(totpSecrets)
    .values({ ...row, nextSecret, vaultKey })
    // The key stays as it is: the older of the two counts, and the secret in use may be wrapped with it.
    .onConflictDoUpdate({ target: totpSecrets.userId, set: { nextSecret } });
  return { secret, uri: totpUri(secret, { issuer, label: person.email }) };
}

/** Returns the recovery codes, for the only time. @throws HubError `bad-code`, `locked-out`. */
export async function confirmTotp(
  deps: IdentityDeps,
  person: Person,
  code: string,
  origin: Pick<Origin, "ip">,
): Promise<string[]> {
  await countGuess(deps, person.id);
  const row = await findTotp(deps.db, person.id);
  const secret = row === null || row.nextSecret === null ? null : openTotp(deps, row, "next_secret", row.nextSecret);
  const period = secret === null ? null : totpPeriod(secret, code, deps.clock.now());
  if (secret === null || period === null) throw badCode(0);
  const { sealed, vaultKey } = sealTotp(deps, { userId: person.id, orgId: person.orgId }, "secret", secret);
  const codes = await deps.db.transaction(async (tx) => {
    await tx
      .update(totpSecrets)
      .set({ secret: sealed, nextSecret: null, vaultKey, lastPeriod: period, confirmedAt: deps.clock.now() })
      .where(eq(totpSecrets.userId, person.id));
    await recordAudit(tx, {
      kind: "person.second-factor-set-up",
      orgId: person.orgId,
      actor: { id: person.id, name: person.name },
      subject: subjectOf(person),
      ip: origin.ip,
      data: { factor: "totp" },
    });
    return makeRecoveryCodes(tx, person.id);
  });
  await forgetGuesses(deps.db, person.id);
  return codes;
}

/** A code at sign-in: lets in. @throws HubError `bad-code`, `locked-out`. */
export async function showCodeAtSignIn(
  deps: IdentityDeps,
  { user, signIn }: CurrentSignIn,
  code: string,
  origin: Origin,
): Promise<void> {
  await assertCode(deps, user, code, origin.ip);
  await goOn(deps, user, signIn.id, origin);
}

/** Shows again who is there, for `freshMfa`: a code, or the password of who has no second factor. */
export async function confirmIdentity(
  deps: IdentityDeps,
  actor: Actor,
  given: { code?: string | undefined; password?: string | undefined },
): Promise<void> {
  const { via } = actor;
  if (via.kind !== "session") throw new HubError("forbidden", "An access key cannot confirm that a person is there.");
  const person = { id: actor.id, name: actor.name, orgId: actor.orgId };
  const totp = await findTotp(deps.db, actor.id);
  const hasSecondFactor = totp !== null && totp.secret !== null;
  if (hasSecondFactor) await assertCode(deps, person, given.code ?? "", actor.ip);
  else {
    const guesses = await countGuess(deps, actor.id);
    if (!(await passwordMatches(deps, deps.db, actor.id, given.password ?? "")))
      throw new HubError("bad-credentials", "The password is wrong.", { facts: { attemptsLeft: guessesMax - guesses } });
    await forgetGuesses(deps.db, actor.id);
  }
  await deps.db.transaction(async (tx) => {
    await tx.update(authSessions).set({ confirmedAt: deps.clock.now() }).where(eq(authSessions.id, via.sessionId));
    await recordAudit(tx, {
      kind: "person.confirmed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(actor),
      ip: actor.ip,
      data: { by: hasSecondFactor ? "code" : "password" },
    });
  });
}

/** New recovery codes instead of the old. @throws HubError `confirm-first`, `conflict` without a second factor. */
export async function renewRecoveryCodes(deps: IdentityDeps, actor: Actor): Promise<string[]> {
  freshMfa(actor, deps.clock.now());
  const totp = await findTotp(deps.db, actor.id);
  if (totp === null || totp.secret === null) throw new HubError("conflict", "Set up a second factor first.");
  return deps.db.transaction(async (tx) => {
    await recordAudit(tx, {
      kind: "person.recovery-codes-made",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(actor),
      ip: actor.ip,
      data: {},
    });
    return makeRecoveryCodes(tx, actor.id);
  });
}

/** @throws HubError `confirm-first`, `second-factor-needed` when the person's role must have one and no passkey is left. */
export async function removeTotp(deps: IdentityDeps, actor: Actor): Promise<void> {
  freshMfa(actor, deps.clock.now());
  const [policy, has] = await Promise.all([findSignInPolicy(deps.db, actor.orgId), factorsOf(deps.db, actor.id)]);
  if (policy.mfaRoles.includes(actor.role) && !has.passkey)
    throw new HubError("second-factor-needed", "Your organisation asks people of your role for a second factor.");
  await deps.db.transaction(async (tx) => {
    const removed = await tx.delete(totpSecrets).where(eq(totpSecrets.userId, actor.id)).returning({ id: totpSecrets.userId });
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, actor.id));
    if (removed.length === 0) return;
    await recordAudit(tx, {
      kind: "person.second-factor-removed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(actor),
      ip: actor.ip,
      data: { factor: "totp" },
    });
  });
}

/** For whoever lost telephone and recovery codes. Their sign-ins end, and what they have open. @throws HubError `confirm-first`. */
export async function resetSecondFactor(deps: IdentityDeps, endWorkOf: EndWorkOf, actor: Actor, id: string): Promise<void> {
  await withPerson(deps.db, actor, id, async (tx, user) => {
    freshMfa(actor, deps.clock.now());
    await tx.delete(totpSecrets).where(eq(totpSecrets.userId, user.id));
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, user.id));
    await tx.delete(passkeys).where(eq(passkeys.userId, user.id));
    await tx.delete(authSessions).where(eq(authSessions.userId, user.id));
    await recordAudit(tx, {
      kind: "person.second-factor-reset",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
  });
  await endWorkOf(id);
}

/** A code of the app or a recovery code, used up. */
async function assertCode(
  deps: IdentityDeps,
  person: { id: string; name: string; orgId: string },
  code: string,
  ip: string | null,
): Promise<void> {
  const { db, clock } = deps;
  const guesses = await countGuess(deps, person.id);
  const ofApp = /^\d{6}$/.test(code);
  const right = ofApp ? await useTotpCode(deps, person.id, code) : await useRecoveryCode(db, person.id, code, clock.now());
  const entry = { orgId: person.orgId, subject: subjectOf(person), ip };
  if (!right) {
    await db.transaction((tx) =>
      recordAudit(tx, { ...entry, kind: "person.second-factor-failed", actor: null, data: { attempts: guesses } }),
    );
    throw badCode(guessesMax - guesses);
  }
  await forgetGuesses(db, person.id);
  if (ofApp) return;
  const left = await recoveryCodesLeft(db, person.id);
  await db.transaction((tx) =>
    recordAudit(tx, { ...entry, kind: "person.recovery-code-used", actor: { id: person.id, name: person.name }, data: { left } }),
  );
}

const badCode = (attemptsLeft: number): HubError =>
  new HubError("bad-code", "This code is wrong, was used already, or is too old. Wait for the next one.", {
    facts: { attemptsLeft },
  });

// Passkeys (WebAuthn): a key in somebody's device that shows that its person is there and was recognised. Possession and recognition at once,
// so it signs in by itself and counts as both factors.
import { newId } from "@sallyport/protocol/ids";
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { and, asc, eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import { findSignIn } from "./current-sign-in.ts";
import type { IdentityDeps, Origin } from "./deps.ts";
import { freshMfa } from "./fresh-mfa.ts";
import type { PasskeyAnswer, PasskeyMade } from "./input.ts";
import { subjectOf } from "./manage-people.ts";
import { mayAct } from "./person-state.ts";
import { type PasskeyRow, passkeys, type UserRow, users } from "./schema.ts";
import { goOn, letIn } from "./sign-in.ts";
import { pendingStage } from "./sign-in-stage.ts";
import { startSignIn } from "./start-sign-in.ts";

/** Nobody carries more devices; the browser is told of each. */
const passkeysMax = 20;

/** Where the browser is: a passkey belongs to a host name, and signs for pages of these origins. */
export type Site = { host: string; origins: string[] };

const registering = (userId: string) => `register ${userId}`;
const signingIn = "sign in";

export async function listPasskeys(db: Queryable, userId: string): Promise<PasskeyRow[]> {
  return db.select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(asc(passkeys.createdAt));
}

/** What the browser needs to make a passkey. @throws HubError `confirm-first`, `too-many`. */
export async function beginPasskey(deps: IdentityDeps, actor: Actor, site: Site) {
  freshMfa(actor, deps.clock.now());
  const existing = await listPasskeys(deps.db, actor.id);
  if (existing.length >= passkeysMax) throw new HubError("too-many", `You have ${existing.length} passkeys. Remove one first.`);
  const { extensions: _, ...options } = await generateRegistrationOptions({
    rpName: "Sallyport",
    rpID: site.host,
    userName: actor.email,
    userDisplayName: actor.name,
    userID: Uint8Array.from(Buffer.from(actor.id)),
    challenge: deps.challenges.make(registering(actor.id), deps.clock.now()),
    attestationType: "none",
    excludeCredentials: existing.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  return options;
}

/** @throws HubError `bad-passkey`; `conflict` when somebody has this one already. */
export async function finishPasskey(
  deps: IdentityDeps,
  actor: Actor,
  site: Site,
  input: { name: string; response: PasskeyMade },
): Promise<string> {
  const now = deps.clock.now();
  freshMfa(actor, now);
  let challenge = "";
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: input.response,
    expectedChallenge: (given) => {
      challenge = given;
      return deps.challenges.holds(given, registering(actor.id), now);
    },
    expectedOrigin: site.origins,
    expectedRPID: site.host,
    requireUserVerification: true,
  }).catch((cause: unknown) => {
    throw badPasskey(cause);
  });
  if (!verified || registrationInfo === undefined || !deps.challenges.useUp(challenge, now)) throw badPasskey();
  const { credential } = registrationInfo;
  const row = {
    id: newId("psk"),
    orgId: actor.orgId,
    userId: actor.id,
    name: input.name,
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString("base64"),
    counter: credential.counter,
    createdAt: now,
  };
  await deps.db.transaction(async (tx) => {
    const made = await tx.insert(passkeys).values(row).onConflictDoNothing().returning({ id: passkeys.id });
    if (made.length === 0) throw new HubError("conflict", "This passkey is in use already.");
    await recordAudit(tx, { kind: "person.second-factor-set-up", ...by(actor), data: { factor: `passkey ${input.name}` } });
  });
  return row.id;
}

export async function renamePasskey(
  { db }: IdentityDeps,
  actor: Actor,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const changed = await db.update(passkeys).set({ name }).where(own(actor, id)).returning({ id: passkeys.id });
  if (changed.length === 0) throw notFound("passkey");
}

/** @throws HubError `confirm-first`, `not-found` for another person's too. */
export async function removePasskey({ db, clock }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  freshMfa(actor, clock.now());
  await db.transaction(async (tx) => {
    const [removed] = await tx.delete(passkeys).where(own(actor, id)).returning();
    if (removed === undefined) throw notFound("passkey");
    await recordAudit(tx, { kind: "person.second-factor-removed", ...by(actor), data: { factor: `passkey ${removed.name}` } });
  });
}

/** The same for everybody: the device knows which of its passkeys are for this host. */
export async function beginPasskeySignIn({ challenges, clock }: IdentityDeps, site: Site) {
  const { extensions: _, ...options } = await generateAuthenticationOptions({
    rpID: site.host,
    userVerification: "required",
    challenge: challenges.make(signingIn, clock.now()),
  });
  return options;
}

/**
 * Signs in whoever the passkey belongs to. Returns the cookie header. A sign-in of the same person that waits for a passkey goes on instead,
 * by the rules that hold after a password.
 * @throws HubError `bad-passkey` for an unknown one, a wrong or repeated answer, and a person who may not sign in.
 */
export async function signInWithPasskey(
  deps: IdentityDeps,
  response: PasskeyAnswer,
  site: Site,
  origin: Origin,
  cookie: string | undefined,
): Promise<{ user: UserRow; setCookie: string[] }> {
  const { db, clock, challenges } = deps;
  const now = clock.now();
  const [known] = await db
    .select({ passkey: passkeys, user: users })
    .from(passkeys)
    .innerJoin(users, eq(users.id, passkeys.userId))
    .where(eq(passkeys.credentialId, response.id));
  if (known === undefined || !mayAct(known.user, now)) throw badPasskey();
  const { passkey, user } = known;
  let challenge = "";
  const counter = await counterAfter(passkey, site, response, (given) => {
    challenge = given;
    return challenges.holds(given, signingIn, now);
  });
  if (!challenges.useUp(challenge, now)) throw badPasskey();
  await db.update(passkeys).set({ counter, lastUsedAt: now }).where(eq(passkeys.id, passkey.id));
  const waiting = await findSignIn(deps, cookie);
  if (waiting !== null && waiting.user.id === user.id) {
    const { id, stage, createdAt } = waiting.signIn;
    if (pendingStage(stage, createdAt, now) === "passkey") {
      await goOn(deps, user, id, origin);
      return { user, setCookie: [] };
    }
  }
  const { signInId, setCookie } = await startSignIn(deps, user.id, origin);
  await letIn(deps, user, signInId, origin);
  return { user, setCookie };
}

/** What the browser needs to have one of the person's passkeys sign a challenge that is not ours to choose. @throws HubError `passkey-needed`. */
export async function askToSign(db: Queryable, actor: Actor, site: Site, challenge: Uint8Array) {
  const existing = await listPasskeys(db, actor.id);
  if (existing.length === 0)
    throw new HubError("passkey-needed", "This is approved with a passkey, and you have none. Make one under Settings.");
  const { extensions: _, ...options } = await generateAuthenticationOptions({
    rpID: site.host,
    userVerification: "required",
    challenge: Uint8Array.from(challenge),
    allowCredentials: existing.map(({ credentialId }) => ({ id: credentialId })),
  });
  return options;
}

/** By one of the person's own passkeys, here, now, for just this. @throws HubError `bad-passkey`. */
export async function assertSigned(
  tx: Transaction,
  actor: Actor,
  site: Site,
  response: PasskeyAnswer,
  challenge: Uint8Array,
  now: Date,
): Promise<void> {
  const [passkey] = await tx
    .select()
    .from(passkeys)
    .where(and(eq(passkeys.userId, actor.id), eq(passkeys.credentialId, response.id)));
  if (passkey === undefined) throw badPasskey();
  const expected = Buffer.from(challenge).toString("base64url");
  const counter = await counterAfter(passkey, site, response, (given) => given === expected);
  await tx.update(passkeys).set({ counter, lastUsedAt: now }).where(eq(passkeys.id, passkey.id));
}

/** What its counter is after an answer that is the passkey's, with the person present and known to it. @throws HubError `bad-passkey`. */
async function counterAfter(
  passkey: PasskeyRow,
  site: Site,
  response: PasskeyAnswer,
  expectedChallenge: (given: string) => boolean,
): Promise<number> {
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge,
    expectedOrigin: site.origins,
    expectedRPID: site.host,
    credential: {
      id: passkey.credentialId,
      publicKey: Uint8Array.from(Buffer.from(passkey.publicKey, "base64")),
      counter: passkey.counter,
    },
    requireUserVerification: true,
  }).catch((cause: unknown) => {
    throw badPasskey(cause);
  });
  if (!verified) throw badPasskey();
  return authenticationInfo.newCounter;
}

const own = (actor: Actor, id: string) => and(eq(passkeys.id, id), eq(passkeys.userId, actor.id));
const by = (actor: Actor) => ({ orgId: actor.orgId, actor: auditActor(actor), subject: subjectOf(actor), ip: actor.ip });

const badPasskey = (cause?: unknown): HubError =>
  new HubError("bad-passkey", "This passkey was not accepted. Try again, or sign in with your password.", { cause });

// What administrators do with people: invite, change role, disable, unlock. The last administrator cannot be lost.

import { newId } from "@sallyport/protocol/ids";
import { and, eq } from "drizzle-orm";
import type { AuditSubject } from "../audit/events.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Transaction, violatedUnique } from "../platform/database.ts";
import { type ErrorCode, HubError, notFound } from "../platform/errors.ts";
import { type Actor, assertHolds, assertMay, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { findMember, type Member } from "./members.ts";
import { makePasswordLink } from "./password-links.ts";
import { findUserOf, lockActiveAdministrators } from "./people.ts";
import { lockMayGive, lockRole, textOf } from "./roles.ts";
import { authSessions, organisationMembers, type Role, type UserRow, users } from "./schema.ts";
import { freeUsername } from "./usernames.ts";

/** Ends what a person has open; called after the commit. Passed in, since sessions lie above identity. */
export type EndWorkOf = (userId: string) => Promise<void>;

export const subjectOf = (user: { id: string; name: string }): AuditSubject => ({ kind: "person", id: user.id, name: user.name });

/** @throws HubError `email-taken`, `not-found` for a role, `forbidden` for one above one's own. */
export async function invitePerson(
  { db, clock }: IdentityDeps,
  actor: Actor,
  input: { email: string; name: string; role: Role; language?: "en" | "zh" | undefined },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  assertMay(actor, "people.manage");
  const now = clock.now();
  const user = {
    id: newId("usr"),
    name: input.name,
    email: input.email,
    emailVerified: false,
    createdAt: now,
    updatedAt: now,
    orgId: actor.orgId,
    role: input.role,
    language: input.language ?? null,
    accepted: false,
  };
  return db
    .transaction(async (tx) => {
      const role = await lockMayGive(tx, actor, input.role);
      await tx.insert(users).values({ ...user, username: await freeUsername(tx, user.email) });
      const link = await makePasswordLink(tx, { orgId: actor.orgId, purpose: "invite", userId: user.id }, now);
      await recordAudit(tx, {
        kind: "person.invited",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(user),
        ip: actor.ip,
        data: { email: input.email, role: role.text },
      });
      return { id: user.id, ...link };
    })
    .catch((error) => {
      throw violatedUnique(error) === "users_email" ? emailTaken(input.email) : error;
    });
}

export const emailTaken = (email: string): HubError =>
  new HubError("email-taken", `There is already a person with the address ${email}.`, { facts: { email } });

export type BulkResult = { done: string[]; refused: { id: string; code: ErrorCode }[] };

/** Each person on its own: what one is refused does not hold up the others. */
export async function forEachPerson(ids: readonly string[], work: (id: string) => Promise<void>): Promise<BulkResult> {
  const result: BulkResult = { done: [], refused: [] };
  for (const id of new Set(ids)) {
    try {
      await work(id);
      result.done.push(id);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      result.refused.push({ id, code: error.code });
    }
  }
  return result;
}

/** A link that sets a new password; for one who has not accepted yet it is a new invitation. */
export async function makeResetLink(
  { db, clock }: IdentityDeps,
  actor: Actor,
  id: string,
): Promise<{ purpose: "reset" | "invite"; token: string; expiresAt: Date }> {
  return withPerson(db, actor, id, async (tx, user) => {
    const purpose = user.accepted ? "reset" : "invite";
    const link = await makePasswordLink(tx, { orgId: actor.orgId, purpose, userId: user.id }, clock.now());
    await recordAudit(tx, {
      kind: "person.reset-link-made",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
    return { purpose, ...link };
  });
}

/**
 * Of a guest the role here, of anybody else the person's own.
 * @throws HubError `last-admin`, `not-found`, `forbidden` for a role above one's own, given or taken.
 */
export async function setRole(deps: IdentityDeps, actor: Actor, input: { id: string; role: Role }): Promise<void> {
  assertMay(actor, "people.manage");
  const member = await findMember(deps.db, actor.orgId, input.id);
  if (member?.guest === true) await setGuestRole(deps, actor, member, input.role);
  else await setOwnRole(deps, actor, input);
  await deps.accessChanged(actor.orgId);
}

async function setGuestRole({ db }: IdentityDeps, actor: Actor, guest: Member, role: Role): Promise<void> {
  assertHolds(actor, guest.permissions);
  if (guest.role === role) return;
  await db.transaction(async (tx) => {
    const given = await lockMayGive(tx, actor, role);
    await tx
      .update(organisationMembers)
      .set({ role })
      .where(and(eq(organisationMembers.orgId, actor.orgId), eq(organisationMembers.userId, guest.id)));
    await recordAudit(tx, {
      kind: "person.role-changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(guest),
      ip: actor.ip,
      data: { before: textOf(guest.role, guest.roleName), after: given.text },
    });
  });
}

async function setOwnRole(deps: IdentityDeps, actor: Actor, input: { id: string; role: Role }): Promise<void> {
  await withPerson(deps.db, actor, input.id, async (tx, user) => {
    const [had, given] = [await lockRole(tx, actor.orgId, user.role), await lockMayGive(tx, actor, input.role)];
    if (user.role === input.role) return;
    if (user.role === "admin") await assertNotLast(tx, user);
    await tx.update(users).set({ role: input.role }).where(eq(users.id, user.id));
    await recordAudit(tx, {
      kind: "person.role-changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: { before: had.text, after: given.text },
    });
  });
}

/** Sign-ins end with the commit, live work right after. @throws HubError `last-admin`. */
export async function disablePerson(deps: IdentityDeps, endWorkOf: EndWorkOf, actor: Actor, id: string): Promise<void> {
  const { db, clock } = deps;
  await withPerson(db, actor, id, async (tx, user) => {
    if (user.disabledAt !== null) return;
    if (user.role === "admin") await assertNotLast(tx, user);
    await tx.update(users).set({ disabledAt: clock.now() }).where(eq(users.id, user.id));
    await tx.delete(authSessions).where(eq(authSessions.userId, user.id));
    await recordAudit(tx, {
      kind: "person.disabled",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
  });
  await endWorkOf(id);
  await deps.accessChanged(actor.orgId);
}

export async function enablePerson({ db, clock }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withPerson(db, actor, id, async (tx, user) => {
    if (user.disabledAt === null) return;
    await tx.update(users).set({ disabledAt: null, enabledAt: clock.now() }).where(eq(users.id, user.id));
    await recordAudit(tx, {
      kind: "person.enabled",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
  });
}

/** At the next sign-in; who is in stays in. */
export async function requireNewPassword({ db }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withPerson(db, actor, id, async (tx, user) => {
    await tx.update(users).set({ mustChangePassword: true }).where(eq(users.id, user.id));
    await recordAudit(tx, {
      kind: "person.new-password-required",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
  });
}

export async function unlockPerson({ db }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withPerson(db, actor, id, async (tx, user) => {
    await tx.update(users).set({ failedSignIns: 0, lockedUntil: null }).where(eq(users.id, user.id));
    await recordAudit(tx, {
      kind: "person.unlocked",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(user),
      ip: actor.ip,
      data: {},
    });
  });
}

/**
 * Whoever could reset somebody's password would be that person, so nobody touches an account that may what he may not.
 * @throws HubError `not-found` for who is not at home here, `forbidden`.
 */
export async function withPerson<T>(
  db: IdentityDeps["db"],
  actor: Actor,
  id: string,
  work: (tx: Transaction, user: UserRow) => Promise<T>,
): Promise<T> {
  assertMay(actor, "people.manage");
  return db.transaction(async (tx) => {
    const user = await findUserOf(tx, actor.orgId, id);
    if (user === null) throw notFound("person");
    if (user.systemAdmin && !actor.systemAdmin)
      throw new HubError("forbidden", "This person is a system administrator; only another one may change the account.", {
        facts: { permission: "system" },
      });
    await lockMayGive(tx, actor, user.role);
    return work(tx, user);
  });
}

/** Before an administrator loses the role, the account or, with a date, both. @throws HubError `last-admin`. */
export async function assertNotLast(tx: Transaction, user: UserRow): Promise<void> {
  const active = await lockActiveAdministrators(tx, user.orgId);
  if (active.every((id) => id === user.id))
    throw new HubError("last-admin", "This is the last administrator. Make somebody else administrator first.");
}

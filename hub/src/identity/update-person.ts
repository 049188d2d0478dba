// What administrators change of a person: name, addresses, language, until when, comment.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Transaction, violatedUnique } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type Actor, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import type { UpdatePerson } from "./input.ts";
import { assertNotLast, emailTaken, subjectOf, withPerson } from "./manage-people.ts";
import { findMember } from "./members.ts";
import { type UserRow, users } from "./schema.ts";
import { lockUsernames } from "./usernames.ts";

type Field = Exclude<keyof UpdatePerson, "id">;
type Fields = Pick<UserRow, Field>;

/**
 * Changes what is given and leaves the rest. A date that has passed ends what the person has open, as disabling does.
 * @throws HubError `email-taken`, `username-taken`, `last-admin` when the last administrator would get an end.
 */
export async function updatePerson(deps: IdentityDeps, actor: Actor, input: UpdatePerson): Promise<void> {
  await withPerson(deps.db, actor, input.id, async (tx, user) => {
    const changed = changedFields(user, input);
    if (Object.keys(changed).length === 0) return;
    if (changed.username !== undefined) await lockUsernames(tx);
    if (changed.managerId) await assertManager(tx, user, changed.managerId);
    if (user.role === "admin" && user.expiresAt === null && changed.expiresAt) await assertNotLast(tx, user);
    await tx
      .update(users)
      .set({ ...changed, updatedAt: deps.clock.now() })
      .where(eq(users.id, user.id));
    const names = Object.keys(changed);
    const before = Object.fromEntries(Object.entries(user).filter(([name]) => names.includes(name)));
    await recordAudit(tx, {
      kind: "person.updated",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf({ id: user.id, name: changed.name ?? user.name }),
      ip: actor.ip,
      data: { fields: names.join(" "), before: JSON.stringify(before), after: JSON.stringify(changed) },
    });
  }).catch((error: unknown) => {
    const broken = violatedUnique(error);
    if (broken === "users_email") throw emailTaken(input.email ?? "");
    if (broken === "users_username") throw usernameTaken(input.username ?? "");
    throw error;
  });
  await deps.accessChanged(actor.orgId);
}

/** Somebody else, of the same organisation. */
async function assertManager(tx: Transaction, user: UserRow, managerId: string): Promise<void> {
  if (managerId === user.id) throw new HubError("bad-input", "Name somebody else: nobody is his own manager.");
  if ((await findMember(tx, user.orgId, managerId)) === null) throw notFound("person");
}

const usernameTaken = (username: string): HubError =>
  new HubError("username-taken", `There is already a person with the user name ${username}.`, { facts: { username } });

/** The given fields that differ from the row, ready to be written. */
export function changedFields(user: UserRow, given: UpdatePerson): Partial<Fields> {
  const expiresAt = typeof given.expiresAt === "string" ? new Date(given.expiresAt) : given.expiresAt;
  const changed: Partial<Fields> = {};
  if (given.name !== undefined && given.name !== user.name) changed.name = given.name;
  if (given.username !== undefined && given.username !== user.username) changed.username = given.username;
  if (given.email !== undefined && given.email !== user.email) changed.email = given.email;
  if (given.phone !== undefined && given.phone !== user.phone) changed.phone = given.phone;
  if (given.language !== undefined && given.language !== user.language) changed.language = given.language;
  if (expiresAt !== undefined && expiresAt?.getTime() !== user.expiresAt?.getTime()) changed.expiresAt = expiresAt;
  if (given.managerId !== undefined && given.managerId !== user.managerId) changed.managerId = given.managerId;
  if (given.comment !== undefined && given.comment !== user.comment) changed.comment = given.comment;
  return changed;
}

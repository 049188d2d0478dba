// From what another system says of somebody to a person here: known already, found by a verified address, or made.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { builtInRole } from "../identity/actor.ts";
import { insertMembers } from "../identity/groups.ts";
import { email as emailText } from "../identity/input.ts";
import { findUser, findUserByEmail, lockActiveAdministrators } from "../identity/people.ts";
import { mayAct } from "../identity/person-state.ts";
import { lockRole } from "../identity/roles.ts";
import { groupMembers, groups, type Role, type UserRow, users } from "../identity/schema.ts";
import { freeUsername } from "../identity/usernames.ts";
import type { Transaction } from "../platform/database.ts";
import { displayName } from "../platform/input.ts";
import type { FederationDeps } from "./deps.ts";
import { mappingsOf } from "./providers.ts";
import { refused } from "./refused.ts";
import { externalIdentities, type MappingRow, type ProviderRow } from "./schema.ts";

/** What a provider says of somebody. Texts as they came: nothing of them is trusted to be short, plain or true beyond the proof. */
export type Recognised = {
  /** Never reused there for somebody else. */
  subject: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  username: string | null;
  groups: string[];
};

/**
 * Finds or makes the person and brings groups and role up to date, in one transaction. What the person may no longer do has ended by the
 * time this resolves.
 *
 * Only a verified address finds somebody who exists: whoever could claim any address would be anybody.
 * @throws HubError `provider-refused`.
 */
export async function recognise(
  deps: FederationDeps,
  provider: ProviderRow,
  said: Recognised,
  ip: string | null,
): Promise<UserRow> {
  const { db, clock, accessChanged } = deps.identity;
  const now = clock.now();
  const { user, changed } = await db.transaction(async (tx) => {
    // Two first sign-ins at once must find each other's person.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${provider.id} ${said.subject}`}, 0))`);
    const mappings = await mappingsOf(tx, provider.id);
    const known = await findKnown(tx, provider, said.subject);
    const { person, made } = await (known === null ? firstTime(tx, provider, said, mappings, now, ip) : comeAgain(tx, known, ip));
    if (!mayAct(person, now)) throw refused("not-allowed");
    await tx
      .update(externalIdentities)
      .set({ lastSeenAt: now, goneAt: null })
      .where(and(eq(externalIdentities.providerId, provider.id), eq(externalIdentities.subject, said.subject)));
    const role = made ? await followRole(tx, person, roleOf(mappings, said.groups), ip) : person.role;
    const moved = await followGroups(tx, provider, person, groupsIn(mappings, said.groups), ip);
    return { user: { ...person, role }, changed: moved || role !== person.role };
  });
  if (changed) await accessChanged(provider.orgId);
  return user;
}

type Found = { person: UserRow; made: boolean };
type Known = Found & { goneAt: Date | null };

/** Whom only the directory's silence disabled is enabled by its voice; whom an administrator disabled stays so. */
async function comeAgain(tx: Transaction, { person, made, goneAt }: Known, ip: string | null): Promise<Found> {
  if (goneAt === null || person.disabledAt?.getTime() !== goneAt.getTime()) return { person, made };
  await tx.update(users).set({ disabledAt: null }).where(eq(users.id, person.id));
  await recordAudit(tx, { kind: "person.enabled", orgId: person.orgId, actor: null, subject: subjectOf(person), ip, data: {} });
  return { person: { ...person, disabledAt: null }, made };
}

async function findKnown(tx: Transaction, provider: ProviderRow, subject: string): Promise<Known | null> {
  const [row] = await tx
    .select({ person: users, made: externalIdentities.madePerson, goneAt: externalIdentities.goneAt })
    .from(externalIdentities)
    .innerJoin(users, eq(users.id, externalIdentities.userId))
    .where(and(eq(externalIdentities.providerId, provider.id), eq(externalIdentities.subject, subject)));
  return row ?? null;
}

async function firstTime(
  tx: Transaction,
  provider: ProviderRow,
  said: Recognised,
  mappings: readonly MappingRow[],
  now: Date,
  ip: string | null,
): Promise<Found> {
  const email = verifiedEmail(provider, said);
  const existing = await findUserByEmail(tx, email);
  const found =
    existing === null
      ? { person: await makePerson(tx, provider, said, email, roleOf(mappings, said.groups), now, ip), made: true }
      : { person: await link(tx, provider, existing, now, ip), made: false };
  await tx.insert(externalIdentities).values({
    providerId: provider.id,
    subject: said.subject,
    userId: found.person.id,
    madePerson: found.made,
    createdAt: now,
    lastSeenAt: now,
  });
  return found;
}

function verifiedEmail(provider: ProviderRow, said: Recognised): string {
  const email = emailText.safeParse(said.email).data;
  if (email === undefined) throw refused("no-email");
  if (!said.emailVerified) throw refused("email-unverified");
  const domain = email.slice(email.lastIndexOf("@") + 1);
  if (provider.emailDomains.length > 0 && !provider.emailDomains.includes(domain)) throw refused("email-domain");
  return email;
}

/** Somebody who was invited accepts by it: the provider has verified the address the invitation went to. */
async function link(tx: Transaction, provider: ProviderRow, person: UserRow, now: Date, ip: string | null): Promise<UserRow> {
  // An address of another organisation is answered as an unknown one: nobody learns who is there.
  if (person.orgId !== provider.orgId) throw refused("unknown-person");
  // Whoever sets up a provider for one organisation must not become administrator of all of them.
  if (person.systemAdmin) throw refused("not-allowed");
  const joined = { ...person, accepted: true, emailVerified: true };
  if (!mayAct(joined, now)) throw refused("not-allowed");
  await tx.update(users).set({ accepted: true, emailVerified: true, updatedAt: now }).where(eq(users.id, person.id));
  const entry = { orgId: person.orgId, actor: itself(person), subject: subjectOf(person), ip };
  if (!person.accepted) await recordAudit(tx, { ...entry, kind: "person.joined", data: {} });
  await recordAudit(tx, { ...entry, kind: "person.linked", data: { providerId: provider.id, email: person.email } });
  return joined;
}

async function makePerson(
  tx: Transaction,
  provider: ProviderRow,
  said: Recognised,
  email: string,
  role: Role | null,
  now: Date,
  ip: string | null,
): Promise<UserRow> {
  if (!provider.createsPeople) throw refused("unknown-person");
  const id = newId("usr", now.getTime());
  const { text } = await lockRole(tx, provider.orgId, role ?? "user");
  await tx.insert(users).values({
    id,
    name: displayName.safeParse(said.name).data ?? email.slice(0, 100),
    email,
    emailVerified: true,
    createdAt: now,
    updatedAt: now,
    orgId: provider.orgId,
    role: role ?? "user",
    accepted: true,
    username: await freeUsername(tx, said.username ?? email),
  });
  const made = await findUser(tx, id);
  if (made === null) throw new Error("the person just made is not there");
  await recordAudit(tx, {
    kind: "person.created-by-provider",
    orgId: provider.orgId,
    actor: null,
    subject: subjectOf(made),
    ip,
    data: { providerId: provider.id, email, role: text },
  });
  return made;
}

const groupsIn = (mappings: readonly MappingRow[], said: readonly string[]): string[] => [
  ...new Set(mappings.flatMap(({ value, groupId }) => (groupId !== null && said.includes(value) ? [groupId] : []))),
];

/**
 * What a group stands for: administrator before auditor before the roles that the organisation made, in the order of the mappings; else user.
 * Null when no group stands for a role: then nothing is decided here.
 */
function roleOf(mappings: readonly MappingRow[], said: readonly string[]): Role | null {
  const ofRoles = mappings.filter(({ role }) => role !== null);
  if (ofRoles.length === 0) return null;
  const given = ofRoles.flatMap(({ value, role }) => (role !== null && said.includes(value) ? [role] : []));
  const made = given.find((role) => builtInRole(role) === undefined);
  return ["admin" as const, "auditor" as const].find((role) => given.includes(role)) ?? made ?? "user";
}

/** The last administrator stays one: somebody must be able to put right what a provider says. */
async function followRole(tx: Transaction, person: UserRow, wanted: Role | null, ip: string | null): Promise<Role> {
  if (wanted === null || wanted === person.role) return person.role;
  if (person.role === "admin") {
    const active = await lockActiveAdministrators(tx, person.orgId);
    if (active.every((id) => id === person.id)) return person.role;
  }
  const [had, given] = [await lockRole(tx, person.orgId, person.role), await lockRole(tx, person.orgId, wanted)];
  await tx.update(users).set({ role: wanted }).where(eq(users.id, person.id));
  await recordAudit(tx, {
    kind: "person.role-changed",
    orgId: person.orgId,
    actor: null,
    subject: subjectOf(person),
    ip,
    data: { before: had.text, after: given.text },
  });
  return wanted;
}

/** Into the groups that the provider says and out of those it no longer says; what somebody here decided stays. True when anything moved. */
async function followGroups(
  tx: Transaction,
  provider: ProviderRow,
  person: UserRow,
  wanted: readonly string[],
  ip: string | null,
): Promise<boolean> {
  const current = await tx
    .select({ id: groups.id, name: groups.name, providerId: groupMembers.providerId })
    .from(groupMembers)
    .innerJoin(groups, eq(groups.id, groupMembers.groupId))
    .where(eq(groupMembers.userId, person.id));
  const gone = current.filter(({ id, providerId }) => providerId === provider.id && !wanted.includes(id));
  const missing = wanted.filter((id) => current.every((group) => group.id !== id));
  const added =
    missing.length === 0
      ? []
      : await tx
          .select()
          .from(groups)
          .where(and(eq(groups.orgId, provider.orgId), inArray(groups.id, missing)));
  const entry = { orgId: provider.orgId, actor: null, ip, data: { count: 1, userIds: person.id } };
  for (const group of gone) {
    await tx.delete(groupMembers).where(and(eq(groupMembers.groupId, group.id), eq(groupMembers.userId, person.id)));
    await recordAudit(tx, {
      ...entry,
      kind: "group.members-removed",
      subject: { kind: "group", id: group.id, name: group.name },
    });
  }
  for (const group of added) {
    await insertMembers(tx, group.id, [person.id], provider.id);
    await recordAudit(tx, { ...entry, kind: "group.members-added", subject: { kind: "group", id: group.id, name: group.name } });
  }
  return gone.length + added.length > 0;
}

const subjectOf = ({ id, name }: UserRow) => ({ kind: "person" as const, id, name });
const itself = ({ id, name }: UserRow) => ({ id, name });

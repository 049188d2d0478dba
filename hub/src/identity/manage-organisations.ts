// What system administrators do with organisations: make, rename, switch off and on, let people of one work in another. And what anybody does who
// belongs to several: go to another.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, inArray, ne } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type Actor, actOn, assertHolds, assertMay, auditActor, permissionsOf } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { factorsOf } from "./factors.ts";
import { freshMfa } from "./fresh-mfa.ts";
import { type roleNames, slugLengthMax } from "./input.ts";
import { findMember } from "./members.ts";
import { findUser, findUserByEmail } from "./people.ts";
import { textOf } from "./roles.ts";
import { authSessions, groupMembers, groups, organisationMembers, organisations, users } from "./schema.ts";
import { findSignInPolicy } from "./sign-in-policy.ts";

type Organisation = typeof organisations.$inferSelect;

/** @throws HubError `forbidden`. */
export function assertSystem(actor: Actor): void {
  if (!actor.systemAdmin)
    throw new HubError("forbidden", "This is for system administrators.", { facts: { permission: "system" } });
}

export async function listOrganisations(db: Queryable, actor: Actor): Promise<(Organisation & { people: number })[]> {
  assertSystem(actor);
  const rows = await db
    .select({ organisation: organisations, people: count(users.id) })
    .from(organisations)
    .leftJoin(users, eq(users.orgId, organisations.id))
    .groupBy(organisations.id)
    .orderBy(asc(organisations.name), asc(organisations.id));
  return rows.map(({ organisation, people }) => ({ ...organisation, people }));
}

/** Its maker is a guest there, as administrator, so that somebody can invite the first person. @throws HubError `name-taken`. */
export async function createOrganisation(deps: IdentityDeps, actor: Actor, { name }: { name: string }): Promise<string> {
  assertSystem(actor);
  const now = deps.clock.now();
  const organisation = { id: newId("org", now.getTime()), name, createdAt: now };
  await deps.db.transaction(async (tx) => {
    await assertFree(tx, name, organisation.id);
    const slug = await freeSlug(tx, name);
    await tx.insert(organisations).values(slug === null ? organisation : { ...organisation, slug });
    await deps.onOrganisation(tx, organisation.id);
    await tx.insert(organisationMembers).values({ orgId: organisation.id, userId: actor.id, role: "admin", createdAt: now });
    await recordAudit(tx, { kind: "organisation.created", ...actOn(actor, "organisation", organisation), data: {} });
  });
  return organisation.id;
}

/** @throws HubError `name-taken`, `not-found`. */
export async function renameOrganisation(
  { db }: IdentityDeps,
  actor: Actor,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await withOrganisation(db, actor, id, async (tx, organisation) => {
    if (organisation.name === name) return;
    await assertFree(tx, name, id);
    await tx.update(organisations).set({ name }).where(eq(organisations.id, id));
    const data = { before: organisation.name, after: name };
    await recordAudit(tx, { kind: "organisation.renamed", ...actOn(actor, "organisation", { id, name }), data });
  });
}

/**
 * Nobody works there any more: its people are signed out, guests are sent home, what is open has ended by the time this resolves.
 * @throws HubError `confirm-first`, `conflict` where a system administrator is at home, `not-found`.
 */
export async function disableOrganisation(deps: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withOrganisation(deps.db, actor, id, async (tx, organisation) => {
    freshMfa(actor, deps.clock.now());
    const home = tx.select({ id: users.id }).from(users).where(eq(users.orgId, id));
    const [system] = await tx
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.orgId, id), eq(users.systemAdmin, true)))
      .limit(1);
    if (system !== undefined)
      throw new HubError("conflict", "A system administrator is at home there. Nobody could enable it again.");
    if (organisation.disabledAt !== null) return;
    await tx.update(organisations).set({ disabledAt: deps.clock.now() }).where(eq(organisations.id, id));
    await tx.delete(authSessions).where(inArray(authSessions.userId, home));
    await tx.update(authSessions).set({ orgId: null }).where(eq(authSessions.orgId, id));
    await recordAudit(tx, { kind: "organisation.disabled", ...actOn(actor, "organisation", organisation), data: {} });
  });
  await deps.accessChanged(id);
}

/** @throws HubError `not-found`. */
export async function enableOrganisation({ db }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withOrganisation(db, actor, id, async (tx, organisation) => {
    if (organisation.disabledAt === null) return;
    await tx.update(organisations).set({ disabledAt: null }).where(eq(organisations.id, id));
    await recordAudit(tx, { kind: "organisation.enabled", ...actOn(actor, "organisation", organisation), data: {} });
  });
}

/** Lets somebody of one organisation work in another, too, or changes as what. @throws HubError `not-found`, `conflict` at home. */
export async function addMember(
  deps: IdentityDeps,
  actor: Actor,
  input: { id: string; email: string; role: (typeof roleNames)[number] },
): Promise<void> {
  await withOrganisation(deps.db, actor, input.id, async (tx, organisation) => {
    assertHolds(actor, permissionsOf(input.role, null));
    const user = await findUserByEmail(tx, input.email);
    if (user === null) throw notFound("person");
    if (user.orgId === input.id) throw new HubError("conflict", "This person is at home there. Change the role under People.");
    await tx
      .insert(organisationMembers)
      .values({ orgId: input.id, userId: user.id, role: input.role, createdAt: deps.clock.now() })
      .onConflictDoUpdate({ target: [organisationMembers.orgId, organisationMembers.userId], set: { role: input.role } });
    const entry = {
      ...actOn(actor, "organisation", organisation),
      orgId: input.id,
      subject: { kind: "person" as const, id: user.id, name: user.name },
    };
    await recordAudit(tx, { ...entry, kind: "organisation.member-added", data: { role: input.role } });
  });
  await deps.accessChanged(input.id);
}

/** Takes a guest out of the actor's organisation and its groups; he is sent home. @throws HubError `not-found` for who is no guest. */
export async function removeGuest(deps: IdentityDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "people.manage");
  const { orgId } = actor;
  await deps.db.transaction(async (tx) => {
    const guest = await findMember(tx, orgId, id);
    if (guest === null || !guest.guest) throw notFound("person");
    assertHolds(actor, guest.permissions);
    const of = tx.select({ id: groups.id }).from(groups).where(eq(groups.orgId, orgId));
    await tx.delete(organisationMembers).where(and(eq(organisationMembers.orgId, orgId), eq(organisationMembers.userId, id)));
    await tx.delete(groupMembers).where(and(eq(groupMembers.userId, id), inArray(groupMembers.groupId, of)));
    await tx
      .update(authSessions)
      .set({ orgId: null })
      .where(and(eq(authSessions.userId, id), eq(authSessions.orgId, orgId)));
    await recordAudit(tx, {
      kind: "organisation.member-removed",
      orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id, name: guest.name },
      ip: actor.ip,
      data: { role: textOf(guest.role, guest.roleName) },
    });
  });
  await deps.accessChanged(orgId);
}

/**
 * Makes somebody system administrator or takes that away.
 * @throws HubError `confirm-first`, `not-found`, `last-admin` for the last one.
 */
export async function setSystemAdmin(
  { db, clock }: IdentityDeps,
  actor: Actor,
  { id, systemAdmin }: { id: string; systemAdmin: boolean },
): Promise<void> {
  assertSystem(actor);
  freshMfa(actor, clock.now());
  await db.transaction(async (tx) => {
    const all = await tx.select({ id: users.id }).from(users).where(eq(users.systemAdmin, true)).for("update");
    const user = await findUser(tx, id);
    if (user === null) throw notFound("person");
    if (user.systemAdmin === systemAdmin) return;
    if (!systemAdmin && all.every((one) => one.id === id))
      throw new HubError("last-admin", "This is the last system administrator. Make somebody else one first.");
    await tx.update(users).set({ systemAdmin }).where(eq(users.id, id));
    await recordAudit(tx, {
      kind: "person.system-admin-changed",
      orgId: user.orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id, name: user.name },
      ip: actor.ip,
      data: { systemAdmin },
    });
  });
}

/**
 * This sign-in works in another of the person's organisations from now on. Its rules on second factors hold.
 * @throws HubError `not-found` for one he does not belong to, `second-factor-needed`, `forbidden` for an access key.
 */
export async function enterOrganisation({ db }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  const { via } = actor;
  if (via.kind !== "session") throw new HubError("forbidden", "An access key works in the organisation it was made in.");
  const member = await findMember(db, id, actor.id);
  if (member === null) throw notFound("organisation");
  const { mfaRoles } = await findSignInPolicy(db, id);
  const has = await factorsOf(db, actor.id);
  if (mfaRoles.includes(member.role) && !has.app && !has.passkey)
    throw new HubError("second-factor-needed", "That organisation asks for a second factor. Set one up in your settings first.");
  await db.transaction(async (tx) => {
    await tx
      .update(authSessions)
      .set({ orgId: member.guest ? id : null })
      .where(eq(authSessions.id, via.sessionId));
    await recordAudit(tx, {
      kind: "organisation.entered",
      orgId: id,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: {},
    });
  });
}

async function assertFree(tx: Transaction, name: string, id: string): Promise<void> {
  const [other] = await tx
    .select({ id: organisations.id })
    .from(organisations)
    .where(and(eq(organisations.name, name), ne(organisations.id, id)));
  if (other !== undefined)
    throw new HubError("name-taken", `There is already an organisation called ${name}.`, { facts: { name } });
}

/** Null for a name without two letters of the Latin alphabet, and for one that another has already: then the column's own default holds. */
async function freeSlug(tx: Transaction, name: string): Promise<string | null> {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, slugLengthMax);
  if (slug.length < 2) return null;
  const [other] = await tx.select({ id: organisations.id }).from(organisations).where(eq(organisations.slug, slug));
  return other === undefined ? slug : null;
}

async function withOrganisation(
  db: IdentityDeps["db"],
  actor: Actor,
  id: string,
  work: (tx: Transaction, organisation: Organisation) => Promise<void>,
): Promise<void> {
  assertSystem(actor);
  await db.transaction(async (tx) => {
    const [organisation] = await tx.select().from(organisations).where(eq(organisations.id, id)).for("update");
    if (organisation === undefined) throw notFound("organisation");
    await work(tx, organisation);
  });
}

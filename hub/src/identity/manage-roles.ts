// Roles that an organisation makes of permissions: make, change, remove. Nobody touches one that may what he may not. What a change takes away is
// gone with the next request, and what is open and no longer allowed has ended by the time the change resolves.
import { newId } from "@sallyport/protocol/ids";
import { and, count, eq, sql } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { inPieces, rowOf, type Transaction, withFreeName } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { type Actor, actOn, assertHolds, assertMay } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { freshMfa } from "./fresh-mfa.ts";
import { permissions, type RoleFields, rolesMax } from "./input.ts";
import { lockMayGive } from "./roles.ts";
import { guestInvitations, organisationMembers, type Role, type RoleRow, roles, signInPolicies, users } from "./schema.ts";

/** People whom one audit event names. */
const perEvent = 200;

/** Returns the new role's id. @throws HubError `confirm-first`, `forbidden` for a permission the actor has not, `name-taken`, `too-many`. */
export async function createRole(deps: IdentityDeps, actor: Actor, input: RoleFields): Promise<string> {
  const now = deps.clock.now();
  assertMayManage(deps, actor);
  const fields = columnsOf(actor, input);
  const role = { id: newId("rol", now.getTime()), orgId: actor.orgId, ...fields, createdAt: now, updatedAt: now };
  await withFreeName("a role", input.name, () =>
    deps.db.transaction(async (tx) => {
      const [made] = await tx.select({ roles: count() }).from(roles).where(eq(roles.orgId, actor.orgId));
      if ((made?.roles ?? 0) >= rolesMax)
        throw new HubError("too-many", `There are ${rolesMax} roles already. Remove one first.`);
      await tx.insert(roles).values(role);
      await recordAudit(tx, { kind: "role.created", ...actOn(actor, "role", role), data: { role: JSON.stringify(fields) } });
    }),
  );
  return role.id;
}

/** @throws HubError as createRole, `forbidden` also for a permission that the role had, and `not-found`. */
export async function changeRole(deps: IdentityDeps, actor: Actor, { id, ...input }: RoleFields & { id: string }): Promise<void> {
  assertMayManage(deps, actor);
  const fields = columnsOf(actor, input);
  await withFreeName("a role", input.name, () =>
    withRole(deps, actor, id, async (tx, role) => {
      await tx
        .update(roles)
        .set({ ...fields, updatedAt: deps.clock.now() })
        .where(eq(roles.id, role.id));
      await recordAudit(tx, {
        kind: "role.changed",
        ...actOn(actor, "role", { id, name: input.name }),
        data: changesOf(role, fields),
      });
    }),
  );
  await deps.accessChanged(actor.orgId);
}

/**
 * Its people, and guests invited as it, get `to`; without one, such invitations end. Grants and mappings that name it name nobody from then on.
 * @throws HubError `confirm-first`, `forbidden`, `not-found`, and `role-in-use` with how many have it, where `to` is missing.
 */
export async function removeRole(
  deps: IdentityDeps,
  actor: Actor,
  { id, to }: { id: string; to?: Role | undefined },
): Promise<void> {
  assertMayManage(deps, actor);
  await withRole(deps, actor, id, async (tx, role) => {
    const { userIds, to: given } = await movePeople(tx, actor, role, to);
    await tx
      .update(signInPolicies)
      .set({ mfaRoles: sql`array_remove(${signInPolicies.mfaRoles}, ${id})` })
      .where(eq(signInPolicies.orgId, actor.orgId));
    const invited = and(eq(guestInvitations.orgId, actor.orgId), eq(guestInvitations.role, role.id));
    if (to === undefined) await tx.delete(guestInvitations).where(invited);
    else await tx.update(guestInvitations).set({ role: to }).where(invited);
    await tx.delete(roles).where(eq(roles.id, role.id));
    const { name, description, permissions } = role;
    const data = { role: JSON.stringify({ name, description, permissions }), to: given, people: userIds.length };
    // An event at least: that nobody had it is on record, too.
    for (const piece of userIds.length === 0 ? [[]] : inPieces(userIds, perEvent))
      await recordAudit(tx, { kind: "role.deleted", ...actOn(actor, "role", role), data: { ...data, userIds: piece.join(" ") } });
  });
  await deps.accessChanged(actor.orgId);
}

/** Returns who had the role, and what they have now. */
async function movePeople(
  tx: Transaction,
  actor: Actor,
  role: RoleRow,
  to: Role | undefined,
): Promise<{ userIds: string[]; to: string | null }> {
  const { orgId } = actor;
  const atHome = and(eq(users.orgId, orgId), eq(users.role, role.id));
  const guests = and(eq(organisationMembers.orgId, orgId), eq(organisationMembers.role, role.id));
  if (to === undefined || to === role.id) {
    const [home] = await tx.select({ people: count() }).from(users).where(atHome);
    const [visiting] = await tx.select({ people: count() }).from(organisationMembers).where(guests);
    const people = (home?.people ?? 0) + (visiting?.people ?? 0);
    if (people === 0) return { userIds: [], to: null };
    throw new HubError("role-in-use", `${people} people have the role ${role.name}. Say which they get instead.`, {
      facts: { people, name: role.name },
    });
  }
  const { text } = await lockMayGive(tx, actor, to);
  const moved = await tx.update(users).set({ role: to }).where(atHome).returning({ id: users.id });
  const sent = await tx.update(organisationMembers).set({ role: to }).where(guests).returning({ id: organisationMembers.userId });
  return { userIds: [...moved, ...sent].map(({ id }) => id), to: text };
}

function assertMayManage({ clock }: IdentityDeps, actor: Actor): void {
  assertMay(actor, "people.manage");
  freshMfa(actor, clock.now());
}

function columnsOf(actor: Actor, input: RoleFields): Pick<RoleRow, "name" | "description" | "permissions"> {
  assertHolds(actor, input.permissions);
  return {
    name: input.name,
    description: input.description,
    permissions: permissions.filter((permission) => input.permissions.includes(permission)),
  };
}

async function withRole(
  { db }: IdentityDeps,
  actor: Actor,
  id: string,
  work: (tx: Transaction, role: RoleRow) => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const role = await rowOf(
      tx
        .select()
        .from(roles)
        .where(and(sql`${roles.id} = ${id}`, eq(roles.orgId, actor.orgId)))
        .for("update"),
      "role",
    );
    assertHolds(actor, role.permissions);
    await work(tx, role);
  });
}

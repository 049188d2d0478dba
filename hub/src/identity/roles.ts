// Roles: three that every organisation has, and those it made. Who may give and take them.
import { and, asc, eq, sql } from "drizzle-orm";
import type { Queryable, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type Actor, assertHolds, assertMay, builtInRole, may, permissionsOf } from "./actor.ts";
import { roleNames } from "./input.ts";
import { type Permission, type Role, roles } from "./schema.ts";

/** people: who have it, whether they may sign in or not. name: of a built-in one its id, which readers translate. */
export type ListedRole = {
  id: Role;
  builtIn: boolean;
  name: string;
  description: string;
  permissions: readonly Permission[];
  people: number;
};

/** The built-in ones, then the others by name. For whoever sees people or decides what is asked of roles. @throws HubError `forbidden`. */
export async function listRoles(db: Queryable, actor: Actor): Promise<ListedRole[]> {
  if (!may(actor, "settings.manage")) assertMay(actor, "people.read");
  const { orgId } = actor;
  const [made, counted] = await Promise.all([
    db.select().from(roles).where(eq(roles.orgId, orgId)).orderBy(asc(roles.name)),
    db.execute<{ role: string; people: number }>(sql`
      select role, count(*)::int as people from (
        select role from users where org_id = ${orgId} union all select role from organisation_members where org_id = ${orgId}) held
      group by role`),
  ]);
  const people = new Map([...counted].map((row) => [row.role, row.people]));
  return [
    ...roleNames.map((id) => ({ id, builtIn: true, name: id, description: "", permissions: permissionsOf(id, null) })),
    ...made.map(({ id, name, description, permissions }) => ({ id, builtIn: false, name, description, permissions })),
  ].map((role) => ({ ...role, people: people.get(role.id) ?? 0 }));
}

/** text: as the audit log names it; a name alone could be that of a role which is gone, or of a built-in one. */
export type LockedRole = { permissions: readonly Permission[]; text: string };

/**
 * A role of this organisation; one that it made cannot be removed before the transaction ends.
 * @throws HubError `not-found`, for another organisation's too.
 */
export async function lockRole(tx: Transaction, orgId: string, role: Role): Promise<LockedRole> {
  if (builtInRole(role) !== undefined) return { permissions: permissionsOf(role, null), text: role };
  const [made] = await tx
    .select()
    .from(roles)
    .where(and(eq(roles.id, role), eq(roles.orgId, orgId)))
    .for("share");
  if (made === undefined) throw notFound("role");
  return { permissions: permissionsOf(role, made), text: textOf(role, made.name) };
}

/** As {@link LockedRole} says it. name: null for a built-in one. */
export const textOf = (role: Role, name: string | null): string => (name === null ? role : `${name} (${role})`);

/** Nobody gives or takes a role that may what he may not. @throws HubError `forbidden`, `not-found`. */
export async function lockMayGive(tx: Transaction, actor: Actor, role: Role): Promise<LockedRole> {
  const locked = await lockRole(tx, actor.orgId, role);
  assertHolds(actor, locked.permissions);
  return locked;
}

/** By the names that CSV files use. */
export async function rolesByName(
  db: Queryable,
  orgId: string,
): Promise<Map<string, { id: Role; permissions: readonly Permission[] }>> {
  const made = await db.select().from(roles).where(eq(roles.orgId, orgId));
  return new Map<string, { id: Role; permissions: readonly Permission[] }>([
    ...roleNames.map((id) => [id, { id, permissions: permissionsOf(id, null) }] as const),
    ...made.map(({ id, name, permissions }) => [name, { id, permissions }] as const),
  ]);
}

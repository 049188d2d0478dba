// Groups of people: make, rename, delete, and who is in them. Whoever may manage people may manage these.
import { newId } from "@sallyport/protocol/ids";
import { count, eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Transaction, withFreeName } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type Actor, actOn, assertMay } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { deleteMembers, insertMembers, lockGroup } from "./groups.ts";
import { findMembers } from "./members.ts";
import { type GroupRow, groupMembers, groups } from "./schema.ts";

/** Returns the new group's id. @throws HubError `name-taken`. */
export async function createGroup({ db, clock }: IdentityDeps, actor: Actor, { name }: { name: string }): Promise<string> {
  assertMay(actor, "people.manage");
  const group = { id: newId("grp"), orgId: actor.orgId, name, createdAt: clock.now() };
  await withFreeName("a group", name, () =>
    db.transaction(async (tx) => {
      await tx.insert(groups).values(group);
      await recordAudit(tx, { kind: "group.created", ...actOn(actor, "group", group), data: {} });
    }),
  );
  return group.id;
}

/** @throws HubError `name-taken`, `not-found`. */
export async function renameGroup(deps: IdentityDeps, actor: Actor, { id, name }: { id: string; name: string }): Promise<void> {
  await withFreeName("a group", name, () =>
    withGroup(deps, actor, id, async (tx, group) => {
      if (group.name === name) return;
      await tx.update(groups).set({ name }).where(eq(groups.id, id));
      const data = { before: group.name, after: name };
      await recordAudit(tx, { kind: "group.renamed", ...actOn(actor, "group", { id, name }), data });
    }),
  );
}

/** What its members could do only through it has ended by the time this resolves. */
export async function deleteGroup(deps: IdentityDeps, actor: Actor, id: string): Promise<void> {
  await withGroup(deps, actor, id, async (tx, group) => {
    const [held] = await tx.select({ members: count() }).from(groupMembers).where(eq(groupMembers.groupId, id));
    await tx.delete(groups).where(eq(groups.id, id));
    await recordAudit(tx, { kind: "group.deleted", ...actOn(actor, "group", group), data: { members: held?.members ?? 0 } });
  });
  await deps.accessChanged(actor.orgId);
}

/** Returns how many were not members before. @throws HubError `not-found`; then nobody is added. */
export async function addMembers(deps: IdentityDeps, actor: Actor, input: { id: string; userIds: string[] }): Promise<number> {
  const added = await withGroup(deps, actor, input.id, async (tx, group) => {
    const wanted = [...new Set(input.userIds)];
    const found = await findMembers(tx, actor.orgId, wanted);
    if (found.length !== wanted.length) throw notFound("person");
    const userIds = await insertMembers(tx, group.id, wanted);
    if (userIds.length > 0)
      await recordAudit(tx, {
        kind: "group.members-added",
        ...actOn(actor, "group", group),
        data: { count: userIds.length, userIds: userIds.join(" ") },
      });
    return userIds.length;
  });
  await deps.accessChanged(actor.orgId);
  return added;
}

/** Returns how many were members. What they could do only through the group has ended by the time this resolves. */
export async function removeMembers(deps: IdentityDeps, actor: Actor, input: { id: string; userIds: string[] }): Promise<number> {
  const removed = await withGroup(deps, actor, input.id, async (tx, group) => {
    const userIds = await deleteMembers(tx, group.id, input.userIds);
    if (userIds.length > 0)
      await recordAudit(tx, {
        kind: "group.members-removed",
        ...actOn(actor, "group", group),
        data: { count: userIds.length, userIds: userIds.join(" ") },
      });
    return userIds.length;
  });
  await deps.accessChanged(actor.orgId);
  return removed;
}

async function withGroup<T>(
  { db }: IdentityDeps,
  actor: Actor,
  id: string,
  work: (tx: Transaction, group: GroupRow) => Promise<T>,
): Promise<T> {
  assertMay(actor, "people.manage");
  return db.transaction(async (tx) => {
    const group = await lockGroup(tx, actor.orgId, id);
    if (group === null) throw notFound("group");
    return work(tx, group);
  });
}

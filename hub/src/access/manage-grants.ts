// Giving, changing and withdrawing grants.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray, isNull } from "drizzle-orm";
import { assets, nodes } from "../assets/schema.ts";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { role as roleInput } from "../identity/input.ts";
import { findMembers } from "../identity/members.ts";
import { lockRole } from "../identity/roles.ts";
import { groups } from "../identity/schema.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type FullGrant, findGrant, lockGrant, markRevoked } from "./grants.ts";
import { actions, type GrantInput } from "./input.ts";
import { grantSubjects, grants, grantTargets } from "./schema.ts";

export type AccessDeps = {
  db: Database;
  clock: Clock;
  changes: Changes;
  /** After the commit of what may take access from somebody: live work that is no longer allowed has ended when it resolves. */
  accessChanged(orgId: string): Promise<void>;
};

/** @throws HubError `not-found` for a person, group, asset or node that is not the organisation's. */
export async function createGrant({ db, clock, changes }: AccessDeps, actor: Actor, input: GrantInput): Promise<string> {
  assertMay(actor, "grants.manage");
  const id = await db.transaction((tx) => insertGrant(tx, actor, input, clock.now(), null));
  changes.announce(actor.orgId, "grants", id);
  return id;
}

/** In the caller's transaction, who has decided that it may be given. @param ticketId of the ticket that gives it. @param bound what alone it lets somebody run; null: whatever it says. @throws HubError as {@link createGrant}. */
export async function insertGrant(
  tx: Transaction,
  by: Pick<Actor, "id" | "name" | "orgId" | "ip">,
  input: GrantInput,
  now: Date,
  ticketId: string | null,
  bound: string | null = null,
): Promise<string> {
  const { orgId } = by;
  const id = newId("grt", now.getTime());
  await assertEnds(tx, orgId, input);
  await tx
    .insert(grants)
    .values({ id, orgId, ...columnsOf(input), ticketId, bound, createdBy: by.id, createdAt: now, updatedAt: now });
  await setEnds(tx, id, input);
  await recordAudit(tx, {
    kind: "grant.created",
    orgId,
    actor: { id: by.id, name: by.name },
    subject: { kind: "grant", id, name: input.name },
    ip: by.ip,
    data: { grant: JSON.stringify(input) },
  });
  return id;
}

/** What it no longer allows has ended when this resolves. @throws HubError `not-found`, also for a revoked one: it stays as it was. */
export async function changeGrant(
  deps: AccessDeps,
  actor: Actor,
  { id, grant: input }: { id: string; grant: GrantInput },
): Promise<void> {
  assertMay(actor, "grants.manage");
  await deps.db.transaction(async (tx) => {
    const row = await lockGrant(tx, actor.orgId, id);
    const full = await findGrant(tx, actor.orgId, id);
    if (row === null || full === null || row.revokedAt !== null) throw notFound("grant");
    if (row.bound !== null)
      throw new HubError("conflict", "This grant is what people approved for one script. It can be withdrawn, not changed.");
    await assertEnds(tx, actor.orgId, input);
    await tx
      .update(grants)
      .set({ ...columnsOf(input), updatedAt: deps.clock.now() })
      .where(eq(grants.id, id));
    await tx.delete(grantSubjects).where(eq(grantSubjects.grantId, id));
    await tx.delete(grantTargets).where(eq(grantTargets.grantId, id));
    await setEnds(tx, id, input);
    await recordAudit(tx, {
      kind: "grant.changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "grant", id, name: input.name },
      ip: actor.ip,
      data: changesOf(inputOf(full), input),
    });
  });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "grants", id);
}

/**
 * Withdraws a grant. What was opened under it, and no other grant allows, has ended by the time this resolves:
 * "revoked" on the screen must mean that nobody is still typing.
 *
 * Revoking twice is not an error; the first revocation stands.
 */
export async function revokeGrant(deps: AccessDeps, actor: Actor, { id, reason }: { id: string; reason: string }): Promise<void> {
  assertMay(actor, "grants.manage");
  await deps.db.transaction((tx) => markGrantRevoked(tx, actor, { id, reason }, deps.clock.now()));
  // After the commit: a crash here leaves the row revoked, and the look of every second ends what we did not reach.
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "grants", id);
}

/** In the caller's transaction, who has decided that it may be; accessChanged() is to follow its commit. @throws HubError `not-found`. */
export async function markGrantRevoked(
  tx: Transaction,
  actor: Actor,
  { id, reason }: { id: string; reason: string },
  now: Date,
): Promise<void> {
  const row = await lockGrant(tx, actor.orgId, id);
  if (row === null) throw notFound("grant");
  if (row.revokedAt !== null) return;
  await markRevoked(tx, id, { id: actor.id, at: now, reason });
  await recordAudit(tx, {
    kind: "grant.revoked",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: { kind: "grant", id, name: row.name },
    ip: actor.ip,
    data: { reason },
  });
}

/** The first grant of an organisation: whoever administers it reaches everything in it, until somebody changes that. */
export async function addAdministratorsGrant(tx: Transaction, orgId: string, now: Date): Promise<void> {
  const id = newId("grt", now.getTime());
  await tx.insert(grants).values({
    id,
    orgId,
    name: "Administrators",
    accounts: ["@all", "@same-name", "@ask", "@agent"],
    protocols: ["@all"],
    actions: [...actions],
    addresses: [],
    createdBy: "hub",
    createdAt: now,
    updatedAt: now,
  });
  await tx.insert(grantSubjects).values({ grantId: id, kind: "role", subjectId: "admin" });
  await tx.insert(grantTargets).values({ grantId: id, kind: "all", targetId: "" });
}

/** A grant as it would be sent to make it again. */
export const inputOf = ({ grant, subjects, targets }: FullGrant): GrantInput => ({
  name: grant.name,
  subjects: subjects.map(({ kind, id }) => ({ kind, id })),
  targets: targets.map(({ kind, id }) => (kind === "all" ? { kind, id: "" as const } : { kind, id })),
  accounts: grant.accounts,
  protocols: grant.protocols as GrantInput["protocols"],
  actions: grant.actions,
  startsAt: grant.startsAt?.toISOString() ?? null,
  expiresAt: grant.expiresAt?.toISOString() ?? null,
  hours: grant.hours,
  addresses: grant.addresses,
  active: grant.active,
  comment: grant.comment,
});

export const columnsOf = (input: GrantInput) => ({
  name: input.name,
  accounts: [...new Set(input.accounts)],
  protocols: [...new Set(input.protocols)],
  actions: actions.filter((action) => input.actions.includes(action)),
  startsAt: input.startsAt === null ? null : new Date(input.startsAt),
  expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt),
  hours: input.hours,
  addresses: [...new Set(input.addresses)],
  active: input.active,
  comment: input.comment,
});

async function setEnds(tx: Transaction, grantId: string, { subjects, targets }: GrantInput): Promise<void> {
  await tx
    .insert(grantSubjects)
    .values(subjects.map(({ kind, id }) => ({ grantId, kind, subjectId: id })))
    .onConflictDoNothing();
  await tx
    .insert(grantTargets)
    .values(targets.map(({ kind, id }) => ({ grantId, kind, targetId: id })))
    .onConflictDoNothing();
}

/** Every end is of the organisation, or nothing is written. @throws HubError `not-found`. */
export async function assertEnds(
  tx: Transaction,
  orgId: string,
  { subjects, targets }: Pick<GrantInput, "subjects" | "targets">,
): Promise<void> {
  const idsOf = (ends: { kind: string; id: string }[], kind: string) => [
    ...new Set(ends.filter((end) => end.kind === kind).map(({ id }) => id)),
  ];
  const [people, named, reached, under] = [
    idsOf(subjects, "user"),
    idsOf(subjects, "group"),
    idsOf(targets, "asset"),
    idsOf(targets, "node"),
  ];
  for (const id of idsOf(subjects, "role")) {
    const role = roleInput.safeParse(id).data;
    if (role === undefined) throw notFound("role");
    await lockRole(tx, orgId, role);
  }
  if (people.length > 0) {
    const found = await findMembers(tx, orgId, people);
    if (found.length !== people.length) throw notFound("person");
  }
  if (named.length > 0) {
    const found = await tx
      .select({ id: groups.id })
      .from(groups)
      .where(and(eq(groups.orgId, orgId), inArray(groups.id, named)));
    if (found.length !== named.length) throw notFound("group");
  }
  if (reached.length > 0) {
    const found = await tx
      .select({ id: assets.id })
      .from(assets)
      .where(and(eq(assets.orgId, orgId), inArray(assets.id, reached), isNull(assets.retiredAt)));
    if (found.length !== reached.length) throw notFound("asset");
  }
  if (under.length > 0) {
    const found = await tx
      .select({ id: nodes.id })
      .from(nodes)
      .where(and(eq(nodes.orgId, orgId), inArray(nodes.id, under)));
    if (found.length !== under.length) throw notFound("node");
  }
}

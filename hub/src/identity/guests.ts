// Guests whom an organisation asks by their address: invited, withdrawn, and let in when they accept while signed in. Nothing here looks for the
// person before that, so the answer is the same whether there is one or not, and nobody finds out who has an account on this hub.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, gt, isNull } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { hashToken, newToken } from "../platform/secret.ts";
import { type Actor, assertMay, auditActor } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { belongs, membership } from "./members.ts";
import { badLink } from "./password-links.ts";
import { lockMayGive, lockRole } from "./roles.ts";
import {
  type GuestInvitationRow,
  guestInvitations,
  organisationMembers,
  organisations,
  type Role,
  roles,
  users,
} from "./schema.ts";

const lifetimeMs = 7 * 24 * 3_600_000;
/** That wait for an answer; each is a mail to an address that somebody typed. */
const invitationsMax = 200;

/**
 * Returns the link's token. An earlier invitation of the same address ends.
 * @throws HubError `conflict` for who works here already, `not-found` and `forbidden` for a role, `too-many`.
 */
export async function inviteGuest(
  { db, clock }: IdentityDeps,
  actor: Actor,
  { email, role }: { email: string; role: Role },
): Promise<{ id: string; token: string; expiresAt: Date }> {
  assertMay(actor, "people.manage");
  const { orgId } = actor;
  const now = clock.now();
  const token = newToken("spg");
  const row = {
    id: newId("gst", now.getTime()),
    orgId,
    email,
    role,
    tokenHash: hashToken(token),
    invitedBy: actor.name,
    createdAt: now,
    expiresAt: new Date(now.getTime() + lifetimeMs),
  };
  await db.transaction(async (tx) => {
    const { text } = await lockMayGive(tx, actor, role);
    const [here] = await tx
      .select({ id: users.id })
      .from(users)
      .leftJoin(organisationMembers, membership(orgId))
      .where(and(eq(users.email, email), belongs(orgId)));
    if (here !== undefined) throw new HubError("conflict", "This person works here already. Change the role under People.");
    await tx.delete(guestInvitations).where(and(eq(guestInvitations.orgId, orgId), eq(guestInvitations.email, email)));
    const [waiting] = await tx.select({ all: count() }).from(guestInvitations).where(pending(orgId, now));
    if ((waiting?.all ?? 0) >= invitationsMax)
      throw new HubError("too-many", `${invitationsMax} guests are invited already. Withdraw an invitation first.`);
    await tx.insert(guestInvitations).values(row);
    await recordAudit(tx, {
      kind: "guest.invited",
      orgId,
      actor: auditActor(actor),
      subject: null,
      ip: actor.ip,
      data: { email, role: text },
    });
  });
  return { id: row.id, token, expiresAt: row.expiresAt };
}

/** Those that wait for an answer, by address. */
export async function listGuestInvitations(
  db: Queryable,
  orgId: string,
  now: Date,
): Promise<(GuestInvitationRow & { roleName: string | null })[]> {
  const rows = await db
    .select({ invitation: guestInvitations, roleName: roles.name })
    .from(guestInvitations)
    .leftJoin(roles, and(eq(roles.id, guestInvitations.role), eq(roles.orgId, orgId)))
    .where(pending(orgId, now))
    .orderBy(asc(guestInvitations.email));
  return rows.map(({ invitation, roleName }) => ({ ...invitation, roleName }));
}

/** Its link is worth nothing any more. @throws HubError `not-found`. */
export async function withdrawGuestInvitation({ db }: IdentityDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "people.manage");
  await db.transaction(async (tx) => {
    const [gone] = await tx
      .delete(guestInvitations)
      .where(and(eq(guestInvitations.id, id), eq(guestInvitations.orgId, actor.orgId)))
      .returning();
    if (gone === undefined) throw notFound("invitation");
    await recordAudit(tx, {
      kind: "guest.withdrawn",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: null,
      ip: actor.ip,
      data: { email: gone.email },
    });
  });
}

export type GuestInvitation = {
  organisation: { id: string; name: string };
  role: Role;
  roleName: string | null;
  by: string;
  expiresAt: Date;
};

/** What the actor is asked. @throws HubError `bad-token` for a link that does not hold, and for one to another address. */
export async function findGuestInvitation(db: Queryable, actor: Actor, token: string, now: Date): Promise<GuestInvitation> {
  const [row] = await db
    .select({ invitation: guestInvitations, organisation: organisations, roleName: roles.name })
    .from(guestInvitations)
    .innerJoin(organisations, eq(organisations.id, guestInvitations.orgId))
    .leftJoin(roles, and(eq(roles.id, guestInvitations.role), eq(roles.orgId, guestInvitations.orgId)))
    .where(toActor(actor, token, now));
  if (row === undefined) throw badLink();
  const { role, invitedBy, expiresAt } = row.invitation;
  const { id, name } = row.organisation;
  return { organisation: { id, name }, role, roleName: row.roleName, by: invitedBy, expiresAt };
}

/**
 * From now on the actor may work there, too. Returns where. The organisation's rules hold when he enters it.
 * @throws HubError `bad-token` as findGuestInvitation, `forbidden` for an access key: a person has to agree.
 */
export async function acceptGuestInvitation({ db, clock }: IdentityDeps, actor: Actor, token: string): Promise<{ id: string }> {
  if (actor.via.kind !== "session") throw new HubError("forbidden", "An access key cannot accept; sign in to the console.");
  const now = clock.now();
  return db.transaction(async (tx) => {
    const { organisation, role } = await findGuestInvitation(tx, actor, token, now);
    const used = await tx
      .delete(guestInvitations)
      .where(eq(guestInvitations.tokenHash, hashToken(token)))
      .returning({ id: guestInvitations.id });
    // Of two at once, the second waited for the first and finds nothing.
    if (used.length === 0) throw badLink();
    const { text } = await lockRole(tx, organisation.id, role);
    await tx
      .insert(organisationMembers)
      .values({ orgId: organisation.id, userId: actor.id, role, createdAt: now })
      .onConflictDoNothing();
    await recordAudit(tx, {
      kind: "guest.accepted",
      orgId: organisation.id,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: { email: actor.email, role: text },
    });
    return { id: organisation.id };
  });
}

const pending = (orgId: string, now: Date) => and(eq(guestInvitations.orgId, orgId), gt(guestInvitations.expiresAt, now));

const toActor = (actor: Actor, token: string, now: Date) =>
  and(
    eq(guestInvitations.tokenHash, hashToken(token)),
    eq(guestInvitations.email, actor.email),
    gt(guestInvitations.expiresAt, now),
    isNull(organisations.disabledAt),
  );

// People, keys and sign-ins as the console sees them. No hash, no token leaves here.

import type { Actor } from "./actor.ts";
import type { Member } from "./members.ts";
import { spkiOf } from "./passkey-key.ts";
import { personStateOf } from "./person-state.ts";
import type { AccessKeyRow, authSessions, GroupRow, GuestInvitationRow, organisations, PasskeyRow } from "./schema.ts";

export const presentMe = (user: Member, organisation: { id: string; name: string; slug: string }) => ({
  id: user.id,
  name: user.name,
  email: user.email,
  username: user.username,
  role: user.role,
  roleName: user.roleName,
  language: user.language,
  org: organisation,
  systemAdmin: user.systemAdmin,
  permissions: [...user.permissions],
});

export function presentPerson(user: Member, now: Date) {
  const state = personStateOf(user, now);
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    username: user.username,
    phone: user.phone,
    managerId: user.managerId,
    language: user.language,
    role: user.role,
    roleName: user.roleName,
    guest: user.guest,
    systemAdmin: user.systemAdmin,
    state,
    expiresAt: user.expiresAt?.toISOString() ?? null,
    comment: user.comment,
    lastSignInAt: user.lastSignInAt?.toISOString() ?? null,
    createdAt: user.createdAt.toISOString(),
    lockedUntil: state === "locked" ? (user.lockedUntil?.toISOString() ?? null) : null,
  };
}

export const presentKey = (key: AccessKeyRow) => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  addresses: key.addresses,
  createdAt: key.createdAt.toISOString(),
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  expiresAt: key.expiresAt?.toISOString() ?? null,
});

export const presentSignIn = (row: typeof authSessions.$inferSelect, actor: Actor) => ({
  id: row.id,
  current: actor.via.kind === "session" && actor.via.sessionId === row.id,
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.updatedAt.toISOString(),
  ip: row.ipAddress,
  userAgent: (row.userAgent ?? "").slice(0, 200),
});

export const presentGroup = ({ group, members }: { group: GroupRow; members: number }) => ({
  id: group.id,
  name: group.name,
  members,
  createdAt: group.createdAt.toISOString(),
});

export const presentPasskey = (row: PasskeyRow) => ({
  id: row.id,
  name: row.name,
  /** For the policy of a host whose scripts its owner approves; null where agents do not check its kind. */
  publicKey: spkiOf(row.publicKey),
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});

export const presentGuestInvitation = (row: GuestInvitationRow & { roleName: string | null }) => ({
  id: row.id,
  email: row.email,
  role: row.role,
  roleName: row.roleName,
  by: row.invitedBy,
  expiresAt: row.expiresAt.toISOString(),
});

export const presentOrganisation = (row: typeof organisations.$inferSelect & { people: number }) => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  people: row.people,
  active: row.disabledAt === null,
  createdAt: row.createdAt.toISOString(),
});

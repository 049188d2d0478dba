// Grants as the console sees them.
import type { FullGrant } from "./grants.ts";

/** What a grant is doing at this moment, time alone considered. */
export function grantState({ grant }: FullGrant, now: Date): "active" | "expired" | "upcoming" | "off" | "revoked" {
  if (grant.revokedAt !== null) return "revoked";
  if (!grant.active) return "off";
  if (grant.expiresAt !== null && grant.expiresAt <= now) return "expired";
  return grant.startsAt !== null && grant.startsAt > now ? "upcoming" : "active";
}

export const presentGrant = (full: FullGrant, now: Date) => ({
  id: full.grant.id,
  name: full.grant.name,
  state: grantState(full, now),
  subjects: full.subjects,
  targets: full.targets,
  accounts: full.grant.accounts,
  protocols: full.grant.protocols,
  actions: full.grant.actions,
  startsAt: full.grant.startsAt?.toISOString() ?? null,
  expiresAt: full.grant.expiresAt?.toISOString() ?? null,
  hours: full.grant.hours,
  addresses: full.grant.addresses,
  active: full.grant.active,
  comment: full.grant.comment,
  createdAt: full.grant.createdAt.toISOString(),
  createdBy: full.grant.createdBy,
  revokedAt: full.grant.revokedAt?.toISOString() ?? null,
  revokeReason: full.grant.revokeReason,
  ticketId: full.grant.ticketId,
  bound: full.grant.bound !== null,
});

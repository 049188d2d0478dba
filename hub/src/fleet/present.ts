// Agents and tokens as the console sees them. The public key stays here.
import type { AgentWithZone } from "./agents.ts";
import type { AgentLinks } from "./links.ts";
import type { AgentRow, EnrolmentTokenRow } from "./schema.ts";

export function presentAgent(
  { agent, zone }: AgentWithZone,
  links: AgentLinks,
  more: { latestVersion: string; assetId: string },
) {
  const roundTrip = links.roundTrips(agent.id).at(-1);
  return {
    id: agent.id,
    name: agent.name,
    zone: { id: zone.id, name: zone.name },
    state:
      agent.revokedAt !== null ? ("revoked" as const) : links.isOnline(agent.id) ? ("online" as const) : ("offline" as const),
    version: agent.version,
    latestVersion: more.latestVersion,
    address: agent.address,
    transport: agent.transport,
    enrolledAt: agent.enrolledAt.toISOString(),
    lastSeenAt: (links.isOnline(agent.id) ? (roundTrip?.at ?? agent.lastSeenAt) : agent.lastSeenAt)?.toISOString() ?? null,
    onlineSince: agent.onlineSince?.toISOString() ?? null,
    roundTripUs: roundTrip?.us ?? null,
    duplicate:
      agent.duplicateSeenAt === null
        ? null
        : { seenAt: agent.duplicateSeenAt.toISOString(), addresses: agent.duplicateAddresses ?? [] },
    clockSkewMs: agent.clockSkewMs,
    // Heard with each link anew, and kept nowhere: its owner may have changed it meanwhile.
    approvedOnly: links.processOf(agent.id)?.approvedOnly ?? null,
    facts: agent.facts,
    assetId: more.assetId,
  };
}

export function presentEnrolmentToken({ token, agent }: { token: EnrolmentTokenRow; agent: AgentRow | null }, now: Date) {
  const online = agent?.onlineSince ?? null;
  const state =
    online !== null
      ? ("online" as const)
      : token.usedAt !== null
        ? ("enrolled" as const)
        : token.expiresAt <= now
          ? ("expired" as const)
          : token.installStartedAt !== null
            ? ("installing" as const)
            : ("waiting" as const);
  const since = online ?? token.usedAt ?? token.installStartedAt ?? token.createdAt;
  const started = token.installStartedAt ?? token.usedAt;
  return {
    id: token.id,
    state,
    expiresAt: token.expiresAt.toISOString(),
    stateSince: since.toISOString(),
    installStartedAt: token.installStartedAt?.toISOString() ?? null,
    onlineAfterMs: online === null || started === null ? null : online.getTime() - started.getTime(),
    agentId: agent?.id ?? null,
  };
}

// Assets as the console sees them.
import type { AssetWithAgent } from "./assets.ts";

export type MayReach = { connect: boolean; run: boolean; why: string | null };

export const presentAsset = ({ asset, agent, zone }: AssetWithAgent, online: boolean, reach: MayReach) => ({
  id: asset.id,
  name: agent.name,
  kind: asset.kind,
  address: agent.facts?.addresses[0] ?? agent.address ?? "",
  zone: { id: zone.id, name: zone.name },
  agentId: agent.id,
  online,
  platform: asset.platform,
  os: agent.facts === null ? null : `${agent.facts.osName} ${agent.facts.osVersion}`.trim(),
  may: { connect: reach.connect, run: reach.run },
  why: reach.why,
});

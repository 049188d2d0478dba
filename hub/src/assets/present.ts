// Assets as the console sees them.
import type { AssetInZone } from "./assets.ts";

export const presentAsset = (
  { asset, zone, agent }: AssetInZone,
  {
    online,
    labels = [],
    nodeIds = [],
    favourite = false,
  }: { online: boolean; labels?: string[]; nodeIds?: string[]; favourite?: boolean },
) => ({
  id: asset.id,
  name: asset.name,
  category: asset.category,
  platform: asset.platform,
  address: agent === null ? asset.address : (agent.facts?.addresses[0] ?? agent.address ?? ""),
  zone: { id: zone.id, name: zone.name },
  /** Of an agent's own host. */
  agentId: agent?.id ?? null,
  online,
  os: agent === null || agent.facts === null ? null : `${agent.facts.osName} ${agent.facts.osVersion}`.trim(),
  protocols: asset.protocols,
  labels,
  nodeIds,
  favourite,
  active: asset.active,
  legacyAlgorithms: asset.legacyAlgorithms,
  critical: asset.critical,
  ownerId: asset.ownerId,
  comment: asset.comment,
});

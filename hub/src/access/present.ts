// Grants as the console sees them.
import type { listGrants } from "./grants.ts";

export const presentGrant = ({ grant, user, asset, assetName }: Awaited<ReturnType<typeof listGrants>>[number]) => ({
  id: grant.id,
  user: { id: user.id, name: user.name, email: user.email },
  asset: { id: asset.id, name: assetName },
  actions: grant.actions,
  createdAt: grant.createdAt.toISOString(),
  createdBy: grant.createdBy,
  expiresAt: grant.expiresAt?.toISOString() ?? null,
});

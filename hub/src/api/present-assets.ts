// Assets with all that a list of them shows: where they stand, whether they can be reached, and what the person may do there.
import type { MayReach } from "../access/reach.ts";
import { type AssetInZone, favouritesOf, placesOf } from "../assets/assets.ts";
import { presentAsset } from "../assets/present.ts";
import { onlineZones } from "../fleet/zones.ts";
import type { Actor } from "../identity/actor.ts";
import type { ApiDeps } from "./deps.ts";

export async function presentAssets(
  { fleet }: Pick<ApiDeps, "fleet">,
  actor: Actor,
  rows: AssetInZone[],
  reach: (assetId: string) => MayReach,
) {
  const ids = rows.map(({ asset }) => asset.id);
  const [places, favourites, zones] = await Promise.all([
    placesOf(fleet.db, ids),
    favouritesOf(fleet.db, actor.id, ids),
    onlineZones(fleet.db, actor.orgId),
  ]);
  return rows.map((row) => {
    const { connect, run, why, accounts, endsAt } = reach(row.asset.id);
    return {
      ...presentAsset(row, {
        online: row.agent === null ? zones.has(row.zone.id) : fleet.links.isOnline(row.agent.id),
        favourite: favourites.has(row.asset.id),
        ...places.get(row.asset.id),
      }),
      may: { connect, run },
      why,
      accounts,
      endsAt: endsAt?.toISOString() ?? null,
    };
  });
}

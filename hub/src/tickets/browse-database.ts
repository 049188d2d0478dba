// What can be asked for on a database server: its databases, schemas and tables, by name.
import { findAsset } from "../assets/assets.ts";
import type { Catalogue, Catalogues } from "../databases/catalogue.ts";
import type { Browse } from "../databases/input.ts";
import { type Actor, may } from "../identity/actor.ts";
import type { Attempts } from "../identity/attempts.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { isRequestable } from "./flows.ts";

export type BrowseDeps = {
  db: Queryable;
  catalogues: Catalogues;
  /** Looks of a person in a minute: each may be a connection to somebody's server. */
  looks: Attempts;
};

/**
 * For who could ask for it, or manages assets.
 *
 * @throws HubError `not-found` for an asset that is not there and for one that he could not ask for; `asset-off`, `rate-limited`; as catalogue.ts.
 */
export async function browseDatabase(
  { db, catalogues, looks }: BrowseDeps,
  actor: Actor,
  { assetId, ...where }: Browse,
  now: Date,
): Promise<Catalogue> {
  const target = await findAsset(db, actor.orgId, assetId);
  if (target === null || target.asset.retiredAt !== null) throw notFound("asset");
  if (!may(actor, "assets.manage") && !(await isRequestable(db, actor.orgId, "database", assetId))) throw notFound("asset");
  if (!target.asset.active)
    throw new HubError("asset-off", "This asset is switched off. An administrator of assets can switch it on.");
  const look = looks.take(actor.id, now.getTime());
  if (!look.ok)
    throw new HubError("rate-limited", `That was often. Wait ${look.retryAfterSeconds} seconds.`, {
      facts: { retryAfterSeconds: look.retryAfterSeconds },
    });
  return catalogues.read(target, where);
}

// Who may run here, and where files come along, who may also put some there.
import type { Authorization } from "../access/authorize.ts";
import { authorizeAll, authorizeEvery, type RefusedTarget } from "../access/authorize-all.ts";
import type { Actor } from "../identity/actor.ts";
import type { Clock } from "../platform/clock.ts";
import type { Queryable } from "../platform/database.ts";

/** `db`: also a transaction. */
type Deps = { db: Queryable; clock: Clock };

/** @throws HubError as authorizeAll(). */
export async function authorizeTargets(
  { db, clock }: Deps,
  actor: Actor,
  assetIds: string[],
  account: string,
  withFiles: boolean,
): Promise<{ allowed: Authorization[]; refused: RefusedTarget[] }> {
  const run = await authorizeAll(db, actor, assetIds, "run", account, clock.now());
  if (!withFiles) return run;
  const mayRun = run.allowed.map(({ target }) => target.asset.id);
  const upload = await authorizeAll(db, actor, mayRun, "upload", account, clock.now());
  const mayUpload = new Set(upload.allowed.map(({ target }) => target.asset.id));
  return {
    allowed: run.allowed.filter(({ target }) => mayUpload.has(target.asset.id)),
    refused: [...run.refused, ...upload.refused],
  };
}

/** All of them or none. @throws HubError as authorizeEvery(). */
export async function authorizeEveryTarget(
  { db, clock }: Deps,
  actor: Actor,
  assetIds: string[],
  account: string,
  withFiles: boolean,
): Promise<Authorization[]> {
  if (withFiles) await authorizeEvery(db, actor, assetIds, "upload", account, clock.now());
  return authorizeEvery(db, actor, assetIds, "run", account, clock.now());
}

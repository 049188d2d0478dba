// Asks for work on accounts: it is written down here and done by work-off.ts.
import { type Actor, assertMay } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import type { CustodyDeps } from "./deps.ts";
import type { TaskKind } from "./schema.ts";
import { addTasks, findAccounts } from "./tasks.ts";

/**
 * All of them or none. What is underway already stays, and is due now.
 *
 * @returns how many are new.
 * @throws HubError `forbidden`, `not-found` when one of them is nobody's.
 */
export async function requestWork(
  { assets }: CustodyDeps,
  actor: Actor,
  kind: TaskKind,
  ids: readonly string[],
): Promise<number> {
  assertMay(actor, "accounts.manage");
  const { db, clock, changes } = assets;
  const wanted = [...new Set(ids)];
  const found = await findAccounts(db, actor.orgId, wanted);
  if (found.length !== wanted.length) throw notFound("account");
  const by = { id: actor.id, name: actor.name, ip: actor.ip };
  const added = await db.transaction((tx) => addTasks(tx, kind, found, { by, now: clock.now() }));
  for (const assetId of new Set(found.map((account) => account.assetId))) changes.announce(actor.orgId, "assets", assetId);
  return added;
}

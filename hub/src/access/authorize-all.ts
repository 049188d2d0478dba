// authorize() for many assets at once: what a script is to be run on. The same rules, asked in a handful of questions whatever the number.
import { inArray } from "drizzle-orm";
import type { ChosenAccount } from "../assets/account-choice.ts";
import { type AssetInZone, findAsset, findAssets } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { type Actor, assertMay } from "../identity/actor.ts";
import { inPieces, type Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type Authorization, authorizeOne, permissionFor, recordRefusal } from "./authorize.ts";
import { grantsOfPerson, grantsOnAssets } from "./held-grants.ts";
import type { Action } from "./input.ts";

/** `name`: empty where the person may not know that the asset is there. */
export type RefusedTarget = { assetId: string; name: string; why: HubError };

const assetsAtOnce = 1_000;

/**
 * In the order of the ids, each once.
 *
 * @param account on neighbours: a user name of the vault, or a choice without an account; an agent's own host is reached as its agent.
 * @param bound of what just this is that people approved, as boundOf() says it.
 * @throws HubError `forbidden` when the role never may.
 */
export async function authorizeAll(
  db: Queryable,
  actor: Actor,
  assetIds: readonly string[],
  action: Exclude<Action, "forward">,
  account: string,
  now: Date,
  bound: string | null = null,
): Promise<{ allowed: Authorization[]; refused: RefusedTarget[] }> {
  assertMay(actor, permissionFor[action]);
  const grants = await grantsOfPerson(db, actor);
  const grantIds = grants.map(({ id }) => id);
  const allowed: Authorization[] = [];
  const refused: RefusedTarget[] = [];
  for (const ids of inPieces([...new Set(assetIds)], assetsAtOnce)) {
    const [found, named, vault] = await Promise.all([
      findAssets(db, actor.orgId, ids),
      grantsOnAssets(db, actor.orgId, grantIds, ids),
      db.select().from(accounts).where(inArray(accounts.assetId, ids)),
    ]);
    const targets = new Map(found.map((target) => [target.asset.id, target]));
    for (const assetId of ids) {
      const target = targets.get(assetId);
      const held = grants.filter(({ id }) => named.get(assetId)?.has(id));
      try {
        if (target === undefined) throw notFound("asset");
        const wish = { actor, target, protocol: "ssh" as const, action };
        allowed.push(authorizeOne(held, wish, () => chooseAccount(target, account, vault), now, bound));
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        refused.push({ assetId, name: error.code === "not-found" ? "" : (target?.asset.name ?? ""), why: error });
      }
    }
  }
  return { allowed, refused };
}

/** All of them or none. @throws HubError as authorize(), for the first that is refused; that somebody tried is on record. */
export async function authorizeEvery(...asked: Parameters<typeof authorizeAll>): Promise<Authorization[]> {
  const [db, actor, , action] = asked;
  const { allowed, refused } = await authorizeAll(...asked);
  const [first] = refused;
  if (first === undefined) return allowed;
  const target = await findAsset(db, actor.orgId, first.assetId);
  if (target !== null) await recordRefusal(db, actor, target, action, first.why);
  throw first.why;
}

/** As whom a script signs in there. @throws HubError `no-account`. */
export function chooseAccount({ asset }: AssetInZone, wanted: string, vault: AccountRow[]): ChosenAccount {
  if (asset.agentId !== null) return { choice: "@agent", account: null };
  // Of the choices without an account only this one says which user name; nobody is there to be asked.
  if (wanted === "@same-name") return { choice: wanted, account: null };
  const account = vault.find(
    ({ assetId, username, active, retiredAt }) => assetId === asset.id && username === wanted && active && retiredAt === null,
  );
  if (account === undefined)
    throw new HubError("no-account", `${asset.name} cannot be signed in to as ${wanted}: the vault has no such account there.`, {
      facts: { asset: asset.name },
    });
  return { choice: "account", account };
}

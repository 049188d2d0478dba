// As whom a script signs in on a neighbour: an account of the vault, since nobody is there to be asked.
import { and, eq } from "drizzle-orm";
import { accountsOf } from "../assets/account-choice.ts";
import { type AccountRow, type AssetRow, assets } from "../assets/schema.ts";
import { sshPortOf } from "../neighbours/neighbours.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { ExecutionRow } from "./schema.ts";

export type ScriptAccount = {
  asset: AssetRow;
  account: AccountRow;
  /** As the order names it. */
  neighbour: { host: string; port: number; username: string };
};

/**
 * @param ownName user name of the person in whose name it runs, for `@same-name`.
 * @throws HubError `not-found` for an asset that is gone, `no-protocol`, `no-account`.
 */
export async function scriptAccount(
  db: Queryable,
  { orgId, assetId, accountChoice }: Pick<ExecutionRow, "orgId" | "assetId" | "accountChoice">,
  ownName: string,
): Promise<ScriptAccount> {
  const [asset] = await db
    .select()
    .from(assets)
    .where(and(eq(assets.orgId, orgId), eq(assets.id, assetId)));
  if (asset === undefined || asset.retiredAt !== null) throw notFound("asset");
  const usable = (await accountsOf(db, assetId)).filter(({ active }) => active);
  const account = usable.find(({ id, username }) =>
    accountChoice === "@same-name" ? username === ownName : id === accountChoice,
  );
  if (account === undefined)
    throw new HubError(
      "no-account",
      `${asset.name} has no account in the vault that this script could use. Store one, or choose another for the run.`,
      { facts: { asset: asset.name } },
    );
  if (account.suFromId !== null)
    throw new HubError(
      "no-account",
      `${account.username} is reached by su, which asks for a password on a terminal; a script has none. Choose an account that signs in itself.`,
      { facts: { asset: asset.name } },
    );
  return { asset, account, neighbour: { host: asset.address, port: sshPortOf(asset), username: account.username } };
}

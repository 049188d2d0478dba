// As whom a person reaches an asset: an account of the vault by its id, or a choice that needs none there.
//   @agent      the agent's own identity: on its own host the account it runs as, on a neighbour the key that its host's owner lets it use
//   @same-name  the account that is called as the person is; the secret is the vault's, or asked
//   @ask        user name and secret are asked each time, and kept nowhere
import { and, asc, eq, isNull } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { type AccountRow, type AssetRow, accounts } from "./schema.ts";

export const openChoices = ["@agent", "@same-name", "@ask"] as const;
export type OpenChoice = (typeof openChoices)[number];
export type ChosenAccount = { choice: OpenChoice | "@none"; account: null } | { choice: "account"; account: AccountRow };

/** Nobody signs in: a connection that is forwarded. It cannot be asked for. */
export const noAccount: ChosenAccount = { choice: "@none", account: null };

/** The agent's own host is reached as itself; neighbours over SSH, and as the agent where one of the asset's zone has a key of its own. */
export const openChoicesOn = (
  { agentId, zoneId }: Pick<AssetRow, "agentId" | "zoneId">,
  zonesWithOwnKey: ReadonlySet<string>,
): readonly OpenChoice[] =>
  agentId !== null ? ["@agent"] : ["@same-name", "@ask", ...(zonesWithOwnKey.has(zoneId) ? ["@agent" as const] : [])];

export async function accountsOf(db: Queryable, assetId: string): Promise<AccountRow[]> {
  return db
    .select()
    .from(accounts)
    .where(and(eq(accounts.assetId, assetId), isNull(accounts.retiredAt)))
    .orderBy(asc(accounts.username))
    .prepare("accounts_of")
    .execute();
}

/** The agent's own identity where nothing is said and the host is the agent's. @throws HubError `not-found`. */
export async function findChosenAccount(
  db: Queryable,
  asset: Pick<AssetRow, "id" | "agentId">,
  chosen: string | undefined,
): Promise<ChosenAccount> {
  const wanted = chosen ?? (asset.agentId === null ? "" : "@agent");
  const open = openChoices.find((choice) => choice === wanted);
  if (open !== undefined) return { choice: open, account: null };
  const account = (await accountsOf(db, asset.id)).find(({ id, active }) => active && id === wanted);
  if (account === undefined) throw notFound("account");
  return { choice: "account", account };
}

// As whom the hub itself works on a database server: the first privileged account of the asset with a password.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import { readSecret } from "../assets/account-secrets.ts";
import { type AssetRow, accounts } from "../assets/schema.ts";
import { HubError } from "../platform/errors.ts";
import type { Login } from "./connect.ts";
import type { DatabaseDeps } from "./deps.ts";

/** @throws HubError `no-privileged-account`. */
export async function privilegedLogin(
  { db, vault }: Pick<DatabaseDeps, "db" | "vault">,
  { id, name }: Pick<AssetRow, "id" | "name">,
): Promise<Login> {
  const [account] = await db
    .select()
    .from(accounts)
    .where(
      and(
        eq(accounts.assetId, id),
        eq(accounts.privileged, true),
        eq(accounts.active, true),
        eq(accounts.secretKind, "password"),
        gt(accounts.version, 0),
        isNull(accounts.suFromId),
        isNull(accounts.retiredAt),
      ),
    )
    .orderBy(asc(accounts.createdAt), asc(accounts.id))
    .limit(1);
  const secret = account === undefined ? null : await readSecret(db, vault, account);
  if (account === undefined || secret?.kind !== "password")
    throw new HubError(
      "no-privileged-account",
      `The hub has no account of ${name} that it may ask it by. An administrator of accounts adds one with its password, marked as privileged.`,
      { facts: { asset: name } },
    );
  return { username: account.username, password: secret.password };
}

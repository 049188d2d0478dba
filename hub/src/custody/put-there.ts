// Puts an account and its secret on its asset: by a privileged account of the asset, by a login typed for it, or a key by the account itself.
import { and, asc, eq, gt, isNull, ne } from "drizzle-orm";
import { readSecret } from "../assets/account-secrets.ts";
import type { AssetInZone } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { authorizedKey, readPrivateKey, type Secret } from "../assets/secret.ts";
import type { CustodyDeps } from "./deps.ts";
import { type OutcomeCode, outcomeOfError } from "./outcome.ts";
import { type Login, signInThere } from "./sign-in-there.ts";
import { type AccountWork, accountAnswer, accountCommand } from "./target-script.ts";

/** By whom it is done. `itself` has no rights but over its own key. */
export type Via = { login: Login; itself: boolean };

/** `mayHaveRun`: whether anything may have changed there. */
export type Put = { code: OutcomeCode; mayHaveRun: boolean; agent: string | null };

/** The first privileged account of the asset with a secret that signs in by itself; not the one in question. Null when there is none. */
export async function privilegedLogin({ assets }: CustodyDeps, account: AccountRow): Promise<Login | null> {
  const [row] = await assets.db
    .select()
    .from(accounts)
    .where(
      and(
        eq(accounts.assetId, account.assetId),
        ne(accounts.id, account.id),
        eq(accounts.privileged, true),
        eq(accounts.active, true),
        gt(accounts.version, 0),
        isNull(accounts.retiredAt),
        isNull(accounts.suFromId),
      ),
    )
    .orderBy(asc(accounts.createdAt), asc(accounts.id))
    .limit(1);
  return row === undefined ? null : { username: row.username, secret: await readSecret(assets.db, assets.vault, row) };
}

/** What has to be there so that this secret lets the account in; null for one that chpasswd(8) cannot be told. */
export function workFor(secret: Secret, username: string): Pick<AccountWork, "password" | "addKey"> | null {
  if (secret.kind === "ssh-key") return { addKey: authorizedKey(readPrivateKey(secret), username) };
  return /[\p{Cc}]/u.test(secret.password) ? null : { password: secret.password };
}

/** The base64 of a public key, as it stands in authorized_keys. */
export const keyText = (secret: Secret): string | null =>
  secret.kind === "ssh-key" ? readPrivateKey(secret).publicKey.toString("base64") : null;

export async function putThere(
  { sessions }: CustodyDeps,
  target: AssetInZone,
  via: Via,
  work: Omit<AccountWork, "asItself">,
): Promise<Put> {
  const prepared = accountCommand({ ...work, asItself: via.itself });
  if (prepared === null) return { code: "name-not-usable", mayHaveRun: false, agent: null };
  try {
    const { code, stdout, tried, mayHaveRun } = await signInThere(sessions, target, via.login, prepared);
    const agent = tried.at(-1)?.agent.name ?? null;
    return { code: code === "works" ? accountAnswer(stdout) : code, mayHaveRun, agent };
  } catch (error) {
    return { code: outcomeOfError(error), mayHaveRun: false, agent: null };
  }
}

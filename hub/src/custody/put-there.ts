// Puts an account and its secret on its asset: by a privileged account of the asset, by a login typed for it, or a key by the account itself.
import { and, asc, eq, gt, isNull, ne, sql } from "drizzle-orm";
import { accountsOf } from "../assets/account-choice.ts";
import { readSecret } from "../assets/account-secrets.ts";
import type { AssetInZone } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { authorizedKey, readPrivateKey, type Secret } from "../assets/secret.ts";
import { HubError } from "../platform/errors.ts";
import type { CustodyDeps } from "./deps.ts";
import { type OutcomeCode, outcomeOfError } from "./outcome.ts";
import { type Login, signInThere } from "./sign-in-there.ts";
import { type AccountWork, accountCommand, targetAnswer, type Worker } from "./target-script.ts";

/** By whom it is done. `itself` has no rights but over its own key, and is reached without su. */
export type Via = { login: Login; itself: boolean };

/** `mayHaveRun`: whether anything may have changed there. */
export type Put = { code: OutcomeCode; mayHaveRun: boolean; agent: string | null };

/**
 * How to sign in as the account: as itself, or as the one it is reached from and then by su(1).
 *
 * @throws HubError `no-secret`, also for one that su could not be told; `no-account` when the other one is gone.
 */
export async function loginOf({ assets }: CustodyDeps, account: AccountRow, version = account.version): Promise<Login> {
  const { db, vault } = assets;
  const secret = await readSecret(db, vault, account, version);
  if (account.suFromId === null) return { username: account.username, secret, su: null };
  const from = (await accountsOf(db, account.assetId)).find(({ id, active }) => active && id === account.suFromId);
  if (from === undefined)
    throw new HubError("no-account", `${account.username} is reached by su from an account that is gone or switched off.`);
  if (secret.kind !== "password")
    throw new HubError("no-secret", `su asks for a password, and ${account.username} has a key.`, {
      facts: { account: account.username },
    });
  const su = { username: account.username, password: secret.password };
  return { username: from.username, secret: await readSecret(db, vault, from), su };
}

/**
 * The first privileged account of the asset with a secret, not the one in question: sooner one that signs in by itself than one reached by su. That
 * may be reached from the account in question: its secret in use opens it until it is changed, and after that nothing is left to do. Null: none.
 */
export async function privilegedLogin(deps: CustodyDeps, account: AccountRow): Promise<Login | null> {
  const [row] = await deps.assets.db
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
      ),
    )
    .orderBy(sql`${accounts.suFromId} is not null`, asc(accounts.createdAt), asc(accounts.id))
    .limit(1);
  return row === undefined ? null : loginOf(deps, row);
}

/** Of the account that does the work in the end. */
export const workerName = ({ username, su }: Login): string => su?.username ?? username;

/** PAM takes no longer answers (PAM_MAX_RESP_SIZE). */
const passwordBytesMax = 512;

/** What has to be there so that this secret lets the account in; null for one that chpasswd(8) cannot be told. */
export function workFor(secret: Secret, username: string): Pick<AccountWork, "password" | "addKey"> | null {
  if (secret.kind === "ssh-key") return { addKey: authorizedKey(readPrivateKey(secret), username) };
  return fitsALine(secret.password) ? { password: secret.password } : null;
}

const fitsALine = (password: string): boolean => !/\p{Cc}/u.test(password) && Buffer.byteLength(password) <= passwordBytesMax;

/** sudo asks for the password of who signed in. */
const sudoPasswordOf = ({ secret }: Login): string | null =>
  secret.kind === "password" && fitsALine(secret.password) ? secret.password : null;

/** The base64 of a public key, as it stands in authorized_keys. */
export const keyText = (secret: Secret): string | null =>
  secret.kind === "ssh-key" ? readPrivateKey(secret).publicKey.toString("base64") : null;

export async function putThere({ sessions }: CustodyDeps, target: AssetInZone, via: Via, work: AccountWork): Promise<Put> {
  const { login } = via;
  const worker: Worker = via.itself ? { itself: true } : { itself: false, su: login.su, sudoPassword: sudoPasswordOf(login) };
  if (login.su !== null && !fitsALine(login.su.password)) return { code: "secret-not-usable", mayHaveRun: false, agent: null };
  const prepared = accountCommand(work, worker);
  if (prepared === null) return { code: "name-not-usable", mayHaveRun: false, agent: null };
  try {
    const { code, stdout, tried, mayHaveRun } = await signInThere(sessions, target, login, prepared);
    const agent = tried.at(-1)?.agent.name ?? null;
    return { code: code === "works" ? targetAnswer(stdout, { su: login.su !== null }) : code, mayHaveRun, agent };
  } catch (error) {
    return { code: outcomeOfError(error), mayHaveRun: false, agent: null };
  }
}

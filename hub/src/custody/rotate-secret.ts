// Changes the secret of an account on its asset. At every moment the vault holds every secret that the asset may have, so a hub that dies
// anywhere loses none; which of two the asset has is found out by signing in.
//
//   stored as pending ──► set on the asset ──► signed in with it ──► in use ──► (a key) the old line taken away
//         │                     │                    │                                  └ left version: tried again
//         └─────────────────────┴── died, or unknown ┘
//              resumed: the pending one is tried first; if it lets us in the asset has it, if not it is set again
import { and, eq, isNull } from "drizzle-orm";
import { addSecret, readSecret } from "../assets/account-secrets.ts";
import type { AssetInZone } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { authorizedKey, generateKey, generatePassword, readPrivateKey, type Secret } from "../assets/secret.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { CustodyDeps } from "./deps.ts";
import { type OutcomeCode, outcomeOfError } from "./outcome.ts";
import { keyText, loginOf, privilegedLogin, putThere, type Via, workerName, workFor } from "./put-there.ts";
import type { TaskRow } from "./schema.ts";
import { type Attempt, auditBy } from "./task-record.ts";
import { signInAs } from "./test-connection.ts";

const newSecretLike = (account: AccountRow): Secret =>
  account.secretKind === "password"
    ? { kind: "password", password: generatePassword() }
    : { kind: "ssh-key", privateKey: generateKey(account.username).privateKey, passphrase: null };

type On = { target: AssetInZone; account: AccountRow };

/** One attempt. Whatever it ends with, the next one goes on from there; a secret that somebody stored meanwhile wins over the pending one. */
export async function rotateSecret(deps: CustodyDeps, task: TaskRow, { target, account }: On): Promise<Attempt> {
  const { db, clock, changes } = deps.assets;
  let attempt: Attempt;
  try {
    attempt = await rotate(deps, task, { target, account });
  } catch (error) {
    attempt = { code: outcomeOfError(error), agent: null };
  }
  const { code } = attempt;
  if (code !== "works")
    await db.transaction((tx) =>
      recordAudit(
        tx,
        {
          ...auditBy(task, account),
          kind: "account.rotation-failed",
          data: { assetId: account.assetId, code, attempt: task.attempts },
        },
        clock.now(),
      ),
    );
  changes.announce(account.orgId, "assets", account.assetId);
  return attempt;
}

async function rotate(deps: CustodyDeps, task: TaskRow, { target, account }: On): Promise<Attempt> {
  const refused = (code: OutcomeCode): Attempt => ({ code, agent: null });
  if (account.version === 0) return refused("no-secret");
  // The new secret is in use since an earlier attempt; only the old key's line was left.
  if (account.leftVersion !== null && account.pendingVersion === null)
    return takeOldKeyAway(deps, { target, account }, account.leftVersion);
  const via = await viaOf(deps, account);
  if (via === null) return refused("no-privileged-account");
  const resumed = account.pendingVersion !== null;
  const pending = account.pendingVersion ?? (await addPending(deps, task, account));
  if (pending === null) return refused("gone");
  const secret = await readSecret(deps.assets.db, deps.assets.vault, account, pending);
  const tryPending = () => signInAs(deps, target, account, pending);

  let seen = resumed ? await tryPending() : null;
  if (seen === null || seen.code === "authentication-failed") {
    const work = workFor(secret, account.username);
    if (work === null) return refused("secret-not-usable");
    const put = await putThere(deps, target, via, { username: account.username, make: false, ...work });
    if (!put.mayHaveRun) return put;
    seen = await tryPending();
    if (seen.code === "authentication-failed")
      return { code: await whichWorks(deps, { target, account }, put.code), agent: put.agent };
  }
  const agent = seen.tried.at(-1)?.agent.name ?? null;
  if (seen.code !== "works") return { code: seen.code, agent };
  if (!(await takeIntoUse(deps, task, account, { pending, secret, via }))) return refused("gone");
  return account.secretKind === "ssh-key"
    ? takeOldKeyAway(deps, { target, account: { ...account, version: pending } }, account.version)
    : { code: "works", agent };
}

/** By another with the rights for it; else by itself, when it is privileged, or when it is a key, which everybody may change for himself. */
async function viaOf(deps: CustodyDeps, account: AccountRow): Promise<Via | null> {
  const login = await privilegedLogin(deps, account);
  if (login !== null) return { login, itself: false };
  if (!account.privileged && account.secretKind === "password") return null;
  return { login: await loginOf(deps, account), itself: !account.privileged };
}

/** Durable before the asset hears of it. Null when the account was changed meanwhile. */
async function addPending({ assets }: CustodyDeps, task: TaskRow, account: AccountRow): Promise<number | null> {
  const { db, vault, clock } = assets;
  return db.transaction(async (tx) => {
    const [locked] = await tx.select().from(accounts).where(unchanged(account)).for("update");
    if (locked === undefined) return null;
    const version = await addSecret(tx, vault, account, newSecretLike(account), { id: task.byId, at: clock.now(), use: false });
    await tx.update(accounts).set({ pendingVersion: version }).where(eq(accounts.id, account.id));
    return version;
  });
}

/** The new secret does not let us in. Does the old one? */
async function whichWorks(deps: CustodyDeps, { target, account }: On, said: OutcomeCode): Promise<OutcomeCode> {
  const { code } = await signInAs(deps, target, account);
  if (code === "works") return said === "works" ? "not-changed" : said;
  return code === "authentication-failed" ? "neither-works" : code;
}

/** False when somebody stored another secret meanwhile: that one is in use, and this one stays among the versions. */
async function takeIntoUse(
  { assets }: CustodyDeps,
  task: TaskRow,
  account: AccountRow,
  { pending, secret, via }: { pending: number; secret: Secret; via: Via },
): Promise<boolean> {
  const { db, clock } = assets;
  const now = clock.now();
  const publicKey = secret.kind === "ssh-key" ? authorizedKey(readPrivateKey(secret), account.username) : null;
  return db.transaction(async (tx) => {
    const changed = await tx
      .update(accounts)
      .set({
        version: pending,
        pendingVersion: null,
        leftVersion: account.secretKind === "ssh-key" ? account.version : null,
        publicKey,
        rotatedAt: now,
        checkedAt: now,
        checkFailure: null,
        updatedAt: now,
      })
      .where(and(eq(accounts.id, account.id), eq(accounts.version, account.version), eq(accounts.pendingVersion, pending)))
      .returning({ id: accounts.id });
    if (changed.length === 0) return false;
    await recordAudit(
      tx,
      {
        ...auditBy(task, account),
        kind: "account.rotated",
        data: { assetId: account.assetId, version: pending, via: workerName(via.login) },
      },
      now,
    );
    return true;
  });
}

/** The key that was replaced is let in no longer. By the account itself, with its new key: everybody may write his own. */
async function takeOldKeyAway(deps: CustodyDeps, { target, account }: On, left: number): Promise<Attempt> {
  const { db, vault } = deps.assets;
  const secret = await readSecret(db, vault, account);
  const old = keyText(await readSecret(db, vault, account, left));
  if (old === null || old === keyText(secret)) return forgetLeft(null);
  const via = { login: { username: account.username, secret, su: null }, itself: true };
  const { code, agent } = await putThere(deps, target, via, { username: account.username, make: false, removeKey: old });
  return code === "works" ? forgetLeft(agent) : { code, agent };

  async function forgetLeft(agentName: string | null): Promise<Attempt> {
    await db
      .update(accounts)
      .set({ leftVersion: null })
      .where(and(eq(accounts.id, account.id), eq(accounts.leftVersion, left)));
    return { code: "works", agent: agentName };
  }
}

const unchanged = (account: AccountRow) =>
  and(
    eq(accounts.id, account.id),
    eq(accounts.version, account.version),
    isNull(accounts.pendingVersion),
    isNull(accounts.retiredAt),
  );

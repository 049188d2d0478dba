// Makes the account on its asset if it is not there, and sets its secret: twice is as good as once.
import { eq } from "drizzle-orm";
import type { z } from "zod";
import { readSecret } from "../assets/account-secrets.ts";
import { type AssetInZone, findAsset } from "../assets/assets.ts";
import { findAccount } from "../assets/manage-accounts.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import type { CustodyDeps } from "./deps.ts";
import type { pushAccount as pushInput } from "./input.ts";
import { type OutcomeCode, outcomeOfError } from "./outcome.ts";
import { privilegedLogin, putThere, workerName, workFor } from "./put-there.ts";
import type { TaskRow } from "./schema.ts";
import type { Login } from "./sign-in-there.ts";
import { type Attempt, auditBy } from "./task-record.ts";
import { signInAs } from "./test-connection.ts";

/** By a privileged account of the asset. */
export async function pushByPrivileged(
  deps: CustodyDeps,
  task: TaskRow,
  { target, account }: { target: AssetInZone; account: AccountRow },
): Promise<Attempt> {
  return push(deps, task, { target, account, login: await privilegedLogin(deps, account) });
}

/**
 * By a login that a person typed for it, which is sealed to one agent for one connection and kept nowhere.
 *
 * @throws HubError `forbidden`, `not-found`.
 */
export async function pushByLogin(deps: CustodyDeps, actor: Actor, { id, login }: z.infer<typeof pushInput>): Promise<Attempt> {
  assertMay(actor, "accounts.manage");
  const { db } = deps.assets;
  const account = await findAccount(db, actor.orgId, id);
  const target = account === null ? null : await findAsset(db, actor.orgId, account.assetId);
  if (account === null || target === null) throw notFound("account");
  const by = { byId: actor.id, byName: actor.name, byAddress: actor.ip };
  const typed = { username: login.username, secret: { kind: "password" as const, password: login.password }, su: null };
  return push(deps, by, { target, account, login: typed });
}

async function push(
  deps: CustodyDeps,
  by: Pick<TaskRow, "byId" | "byName" | "byAddress">,
  { target, account, login }: { target: AssetInZone; account: AccountRow; login: Login | null },
): Promise<Attempt> {
  const { db, clock, changes } = deps.assets;
  const { code, agent, seen } = await attempt(deps, target, account, login);
  await db.transaction(async (tx) => {
    if (seen) await tx.update(accounts).set({ checkedAt: clock.now(), checkFailure: null }).where(eq(accounts.id, account.id));
    const data = { assetId: account.assetId, via: login === null ? "" : workerName(login), code };
    await recordAudit(tx, { ...auditBy(by, account), kind: "account.pushed", data }, clock.now());
  });
  changes.announce(account.orgId, "assets", account.assetId);
  return { code, agent };
}

/** Done once the account itself has signed in with its secret: `seen`. */
async function attempt(
  deps: CustodyDeps,
  target: AssetInZone,
  account: AccountRow,
  login: Login | null,
): Promise<Attempt & { seen: boolean }> {
  const refused = (code: OutcomeCode) => ({ code, agent: null, seen: false });
  if (login === null) return refused("no-privileged-account");
  try {
    const work = workFor(await readSecret(deps.assets.db, deps.assets.vault, account), account.username);
    if (work === null) return refused("secret-not-usable");
    const put = await putThere(deps, target, { login, itself: false }, { username: account.username, make: true, ...work });
    if (put.code !== "works") return { ...put, seen: false };
  } catch (error) {
    return refused(outcomeOfError(error));
  }
  const { code, tried } = await signInAs(deps, target, account);
  return { code, agent: tried.at(-1)?.agent.name ?? null, seen: code === "works" };
}

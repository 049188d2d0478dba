// Which of the things that are open may go on? Asked when something changed that may take access away, and every second, since time takes it too.
import { inArray } from "drizzle-orm";
import { type ChosenAccount, noAccount, openChoices } from "../assets/account-choice.ts";
import { findAssets } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { seenBy } from "../identity/members.ts";
import { mayAct } from "../identity/person-state.ts";
import type { Queryable } from "../platform/database.ts";
import { asWhom, decide, permissionFor } from "./authorize.ts";
import { grantsOfPerson, grantsOnAssets } from "./held-grants.ts";
import type { Action } from "./input.ts";

/** Something open, as its row describes it. */
export type OpenWork = {
  id: string;
  orgId: string;
  userId: string;
  assetId: string;
  /** An account's id, or a choice without one. */
  accountChoice: string;
  protocol: string;
  action: Action;
  /** Where the person was when it was opened. */
  address: string | null;
  /** Of a script that was approved: what alone that approval lets it run. */
  bound?: string | null;
};

/** `on`: the ids of those that may go on. `personGone`: of the others, those whose person may do nothing any more. */
export type Rechecked = { on: Set<string>; personGone: Set<string> };

/** Costs two lookups for each person who has something open. */
export async function mayGoOn(db: Queryable, works: OpenWork[], now: Date): Promise<Rechecked> {
  const on = new Set<string>();
  const personGone = new Set<string>();
  if (works.length === 0) return { on, personGone };
  const accountIds = works.map(({ accountChoice }) => accountChoice).filter((choice) => choice.startsWith("acc_"));
  const [people, vault] = await Promise.all([
    seenBy(
      db,
      works.map(({ orgId }) => orgId),
      works.map(({ userId }) => userId),
    ),
    accountIds.length === 0
      ? Promise.resolve<AccountRow[]>([])
      : db.select().from(accounts).where(inArray(accounts.id, accountIds)),
  ]);
  for (const { id, userId, orgId } of works)
    if (people.every((user) => user.id !== userId || user.orgId !== orgId)) personGone.add(id);
  for (const user of people) {
    const his = works.filter(({ userId, orgId }) => userId === user.id && orgId === user.orgId);
    if (!mayAct(user, now)) {
      for (const { id } of his) personGone.add(id);
      continue;
    }
    const assetIds = [...new Set(his.map(({ assetId }) => assetId))];
    const [grants, targets] = await Promise.all([grantsOfPerson(db, user), findAssets(db, user.orgId, assetIds)]);
    const named = await grantsOnAssets(
      db,
      user.orgId,
      grants.map(({ id }) => id),
      assetIds,
    );
    for (const work of his) {
      if (!user.permissions.includes(permissionFor[work.action])) continue;
      const asset = targets.find((target) => target.asset.id === work.assetId)?.asset;
      if (asset === undefined || !asset.active || asset.retiredAt !== null) continue;
      const as = chosen(work.accountChoice, vault);
      if (as === null) continue;
      const held = grants.filter(({ id }) => named.get(work.assetId)?.has(id));
      const circumstances = { now, address: work.address, critical: asset.critical, bound: work.bound ?? null };
      if (decide(held, asWhom(as, asset), work.protocol, circumstances).grantOf(work.action) !== null) on.add(work.id);
    }
  }
  return { on, personGone };
}

/** Null for an account that is gone. */
function chosen(choice: string, vault: AccountRow[]): ChosenAccount | null {
  if (choice === noAccount.choice) return noAccount;
  const open = openChoices.find((one) => one === choice);
  if (open !== undefined) return { choice: open, account: null };
  const account = vault.find(({ id, active, retiredAt }) => id === choice && active && retiredAt === null);
  return account === undefined ? null : { choice: "account", account };
}

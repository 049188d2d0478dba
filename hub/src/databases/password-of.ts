// The account of a request, as whoever asked for it sees it: how it stands, and its password.
import { and, eq, isNull } from "drizzle-orm";
import { readSecret } from "../assets/account-secrets.ts";
import { accounts } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { DatabaseDeps } from "./deps.ts";
import { type DatabaseAccountRow, databaseAccounts, databaseWants } from "./schema.ts";
import { wantedOf } from "./wants.ts";

/**
 * waiting: its time has not come. making: it is being made, or changed to what was approved. ready: what was approved is there. ended: it is there for
 * this no longer.
 */
export const standings = ["waiting", "making", "ready", "ended"] as const;
export type Standing = {
  state: (typeof standings)[number];
  username: string;
  /** In the vault: as whom an SQL terminal opens. */
  accountId: string;
  /** Why the last look at it did not come to its end; null: it did, or there was none. */
  failure: string | null;
  /** Places that were given and are not on the server. */
  missing: DatabaseAccountRow["missing"];
  lookedAt: Date | null;
};

const accountOf = async (db: Queryable, orgId: string, grantId: string): Promise<DatabaseAccountRow | null> => {
  const [row] = await db
    .select({ account: databaseAccounts })
    .from(databaseWants)
    .innerJoin(databaseAccounts, eq(databaseAccounts.id, databaseWants.databaseAccountId))
    .where(and(eq(databaseAccounts.orgId, orgId), eq(databaseWants.grantId, grantId)));
  return row?.account ?? null;
};

/** Of what a grant gives; null when it gives no account. */
export async function standingOf(db: Queryable, orgId: string, grantId: string, now: Date): Promise<Standing | null> {
  const row = await accountOf(db, orgId, grantId);
  if (row === null) return null;
  const { held, nextFrom } = await wantedOf(db, row.id, now);
  const { username, accountId, failure, missing, lookedAt } = row;
  const about = { username, accountId, failure, missing, lookedAt };
  if (row.endedAt !== null) return { ...about, state: "ended" };
  if (!held.includes(grantId)) return { ...about, state: nextFrom === null ? "ended" : "waiting" };
  const isSeen = row.madeAt !== null && row.failure === null && row.seen?.includes(grantId) === true;
  return { ...about, state: isSeen ? "ready" : "making" };
}

/**
 * In the clear, to whom the account is for and while it is wanted. The record of it commits before it is shown.
 *
 * @throws HubError `confirm-first`, `not-found`, `conflict` before it is ready and after it has ended.
 */
export async function showPassword(
  deps: Pick<DatabaseDeps, "db" | "vault" | "clock">,
  actor: Actor,
  { grantId, ticketId }: { grantId: string; ticketId: string },
): Promise<{ username: string; password: string }> {
  const { db, vault, clock } = deps;
  const now = clock.now();
  freshMfa(actor, now);
  const row = await accountOf(db, actor.orgId, grantId);
  if (row === null || row.userId !== actor.id) throw notFound("ticket");
  const standing = await standingOf(db, actor.orgId, grantId, now);
  const [account] = await db
    .select()
    .from(accounts)
    .where(and(eq(accounts.id, row.accountId), isNull(accounts.retiredAt)));
  if (standing?.state !== "ready" || account === undefined)
    throw new HubError("conflict", "The account is not ready now, so that there is nothing to sign in as.");
  const secret = await readSecret(db, vault, account, row.secretVersion ?? account.version);
  if (secret.kind !== "password") throw notFound("ticket");
  await db.transaction((tx) =>
    recordAudit(tx, {
      kind: "database-account.password-shown",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "account", id: account.id, name: account.username },
      ip: actor.ip,
      data: { assetId: account.assetId, ticketId },
    }),
  );
  return { username: account.username, password: secret.password };
}

// The queue of work on accounts.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, desc, eq, inArray, isNull, lte, not } from "drizzle-orm";
import { type AccountRow, accounts } from "../assets/schema.ts";
import type { Database, Queryable, Transaction } from "../platform/database.ts";
import { accountTasks, type TaskKind, type TaskRow } from "./schema.ts";

export type Requester = { id: string; name: string; ip: string | null };

/** One for each account that has none of this kind underway; the others keep theirs, which is due now. Returns how many are new. */
export async function addTasks(
  tx: Transaction,
  kind: TaskKind,
  wanted: readonly AccountRow[],
  { by, now }: { by: Requester | null; now: Date },
): Promise<number> {
  if (wanted.length === 0) return 0;
  const rows = wanted.map(({ id, orgId, assetId }) => ({
    id: newId("tsk", now.getTime()),
    orgId,
    accountId: id,
    assetId,
    kind,
    state: "waiting" as const,
    byId: by?.id ?? null,
    byName: by?.name ?? null,
    byAddress: by?.ip ?? null,
    createdAt: now,
    dueAt: now,
  }));
  const added = await tx.insert(accountTasks).values(rows).onConflictDoNothing().returning({ id: accountTasks.id });
  if (by !== null)
    await tx
      .update(accountTasks)
      .set({ dueAt: now })
      .where(
        and(
          eq(accountTasks.kind, kind),
          eq(accountTasks.state, "waiting"),
          inArray(
            accountTasks.accountId,
            wanted.map(({ id }) => id),
          ),
        ),
      );
  return added.length;
}

/** The next that is due on an asset where nothing runs, now running; null when there is none. */
export async function takeTask(db: Database, busyAssets: readonly string[], now: Date): Promise<TaskRow | null> {
  return db.transaction(async (tx) => {
    const [next] = await tx
      .select({ id: accountTasks.id, attempts: accountTasks.attempts })
      .from(accountTasks)
      .where(
        and(
          eq(accountTasks.state, "waiting"),
          lte(accountTasks.dueAt, now),
          ...(busyAssets.length === 0 ? [] : [not(inArray(accountTasks.assetId, [...busyAssets]))]),
        ),
      )
      .orderBy(asc(accountTasks.dueAt), asc(accountTasks.id))
      .limit(1)
      .for("update", { skipLocked: true });
    if (next === undefined) return null;
    const [taken] = await tx
      .update(accountTasks)
      .set({ state: "running", attempts: next.attempts + 1 })
      .where(eq(accountTasks.id, next.id))
      .returning();
    return taken ?? null;
  });
}

/** At the start of a hub, when none can be running. */
export async function putBackTasks(db: Database): Promise<void> {
  await db.update(accountTasks).set({ state: "waiting" }).where(eq(accountTasks.state, "running"));
}

/** Newest first, at most 100. */
export const tasksOf = (db: Queryable, orgId: string, assetId: string) =>
  db
    .select({ task: accountTasks, username: accounts.username })
    .from(accountTasks)
    .innerJoin(accounts, eq(accounts.id, accountTasks.accountId))
    .where(and(eq(accountTasks.orgId, orgId), eq(accountTasks.assetId, assetId)))
    .orderBy(desc(accountTasks.createdAt), desc(accountTasks.id))
    .limit(100);

/** Of those that may be worked on: not taken away. */
export const findAccounts = (db: Queryable, orgId: string, ids: readonly string[]): Promise<AccountRow[]> =>
  db
    .select()
    .from(accounts)
    .where(and(eq(accounts.orgId, orgId), inArray(accounts.id, [...ids]), isNull(accounts.retiredAt)));

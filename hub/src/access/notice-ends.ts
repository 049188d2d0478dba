// Grants that are about to end: their people are told, and those who manage grants. Once seven days and once one day before, however often the hub is
// restarted; whoever moves the end moves the notices with it.
import { and, asc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { groupMembers, users } from "../identity/schema.ts";
import { notify } from "../notify/notify.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Queryable } from "../platform/database.ts";
import { withNames } from "./grants.ts";
import { type GrantRow, grantSubjects, grants } from "./schema.ts";

export const lookForEndsEveryMs = 60_000;

const dayMs = 86_400_000;
/** Days before the end; the first that is not over counts. */
const stages = [1, 7];
/** Grants a turn. */
const grantsAtOnce = 100;
/** Names of each side; a message has room for no more. */
const namesMax = 5;

/** Every minute. */
export async function noticeEnds({ db, clock }: { db: Database; clock: Clock }): Promise<void> {
  const now = clock.now();
  for (const days of stages) {
    const due = await db
      .select()
      .from(grants)
      .where(
        and(
          isNull(grants.revokedAt),
          eq(grants.active, true),
          gt(grants.expiresAt, new Date(now.getTime() + (days === 1 ? 0 : dayMs))),
          lte(grants.expiresAt, new Date(now.getTime() + days * dayMs)),
          // Who set the end less than so long before it knows when it is.
          sql`${grants.expiresAt} - ${grants.updatedAt} > make_interval(days => ${days})`,
          sql`not exists (select 1 from notices n where n.org_id = ${grants.orgId} and n.key = ${keyOf(days)})`,
        ),
      )
      .orderBy(asc(grants.expiresAt))
      .limit(grantsAtOnce);
    for (const grant of due) await tellOf(db, grant, days, now);
  }
}

/** The end is in it, so that another end is told of again; to the second, as a person can set it. */
const keyOf = (days: number) =>
  sql`'grant.ending/' || ${grants.id} || '/' || extract(epoch from date_trunc('second', ${grants.expiresAt}))::bigint || '/' || ${String(days)}`;

async function tellOf(db: Database, { id, orgId, name, expiresAt }: GrantRow, days: number, now: Date): Promise<void> {
  if (expiresAt === null) return;
  await db.transaction(async (tx) => {
    const [row] = await tx
      .select({ grant: grants, key: sql<string>`${keyOf(days)}` })
      .from(grants)
      .where(eq(grants.id, id));
    const [full] = row === undefined ? [] : await withNames(tx, orgId, [row.grant]);
    if (row === undefined || full === undefined || row.grant.revokedAt !== null) return;
    const about = { grantId: id, grant: name, endsAt: expiresAt.toISOString() };
    const first = (names: readonly { name: string }[]) => names.slice(0, namesMax).map((one) => one.name);
    const news = await notify(
      tx,
      {
        kind: "grant.ending",
        orgId,
        key: row.key,
        data: { ...about, people: first(full.subjects), assets: first(full.targets) },
      },
      now,
    );
    if (news) await notify(tx, { kind: "access.ending", orgId, people: await peopleOf(tx, id), data: about }, now);
  });
}

/** Whom the grant names himself or by a group. A role is everybody, and nobody's own loss. */
async function peopleOf(db: Queryable, grantId: string): Promise<string[]> {
  const ofKind = (kind: "user" | "group") =>
    db
      .select({ id: grantSubjects.subjectId })
      .from(grantSubjects)
      .where(and(eq(grantSubjects.grantId, grantId), eq(grantSubjects.kind, kind)));
  const members = db
    .select({ id: groupMembers.userId })
    .from(groupMembers)
    .where(inArray(groupMembers.groupId, ofKind("group")));
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(or(inArray(users.id, ofKind("user")), inArray(users.id, members)));
  return rows.map((row) => row.id);
}

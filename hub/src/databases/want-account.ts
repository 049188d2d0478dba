// A request was approved: its grant wants an account. In the transaction of the decision; the account itself is made by work-off.ts.
import { newId } from "@sallyport/protocol/ids";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { accounts, assets } from "../assets/schema.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { type Level, levelOf, namesFor, usualPattern } from "./account-names.ts";
import { assertDatabaseService } from "./dialect.ts";
import type { Place } from "./input.ts";
import { type DatabaseAccountRow, databaseAccounts, databaseSettings, databaseWants } from "./schema.ts";

/** As many are tried before nobody can be meant any more. */
const namesMax = 1_000;

/**
 * The account that somebody has, or gets, for these places: one for reading and one for writing on each server. Its name is known when this resolves; its
 * secret and the account itself come later.
 *
 * @throws HubError `not-found`, `no-protocol`.
 */
export async function accountFor(
  tx: Transaction,
  { orgId, assetId, userId, places }: { orgId: string; assetId: string; userId: string; places: Place[] },
  now: Date,
): Promise<DatabaseAccountRow> {
  // Names are given one after the other on each server.
  const [asset] = await tx
    .select()
    .from(assets)
    .where(and(eq(assets.orgId, orgId), eq(assets.id, assetId)))
    .for("update");
  const [person] = await tx.select({ username: users.username }).from(users).where(eq(users.id, userId));
  if (asset === undefined || person === undefined) throw notFound("asset");
  const level = levelOf(places);
  const { dialect } = assertDatabaseService(asset);
  const [open] = await tx
    .select()
    .from(databaseAccounts)
    .where(and(ofPerson({ assetId, userId, level }), isNull(databaseAccounts.endedAt)));
  if (open !== undefined) return open;
  const username = await freeName(
    tx,
    { assetId, userId, level },
    namesFor(await patternOf(tx, orgId), dialect, person.username, level),
  );
  const accountId = newId("acc", now.getTime());
  await tx.insert(accounts).values({
    id: accountId,
    orgId,
    assetId,
    username,
    secretKind: "password",
    comment: "",
    createdAt: now,
    updatedAt: now,
  });
  const row = { id: newId("dba", now.getTime()), orgId, assetId, userId, level, username, accountId };
  const [made] = await tx
    .insert(databaseAccounts)
    .values({ ...row, dueAt: now, createdAt: now })
    .returning();
  if (made === undefined) throw new Error("a row that was inserted is returned");
  return made;
}

/** From now on the grant wants these places of the account, for as long as it holds. */
export async function wantPlaces(tx: Transaction, account: DatabaseAccountRow, grantId: string, places: Place[]): Promise<void> {
  await tx.insert(databaseWants).values({ grantId, databaseAccountId: account.id, places });
}

export async function patternOf(db: Queryable, orgId: string): Promise<string> {
  const [row] = await db.select().from(databaseSettings).where(eq(databaseSettings.orgId, orgId));
  return row?.namePattern ?? usualPattern;
}

type OfPerson = { assetId: string; userId: string; level: Level };
const ofPerson = ({ assetId, userId, level }: OfPerson) =>
  and(eq(databaseAccounts.assetId, assetId), eq(databaseAccounts.userId, userId), eq(databaseAccounts.level, level));

/** The one that he had here before, unless somebody has it now; otherwise the first that nobody ever had here: a name in a log means one person. */
async function freeName(tx: Transaction, of: OfPerson, names: Generator<string>): Promise<string> {
  const inUse = new Set(
    (
      await tx
        .select({ username: accounts.username })
        .from(accounts)
        .where(and(eq(accounts.assetId, of.assetId), isNull(accounts.retiredAt)))
    ).map(({ username }) => username),
  );
  const everHeld = await tx
    .select({ username: databaseAccounts.username, own: sql<boolean>`coalesce(${ofPerson(of)}, false)` })
    .from(databaseAccounts)
    .where(eq(databaseAccounts.assetId, of.assetId))
    .orderBy(desc(databaseAccounts.createdAt));
  const others = new Set(everHeld.filter(({ own }) => !own).map(({ username }) => username));
  const free = (name: string) => !inUse.has(name) && !others.has(name);
  let tried = 0;
  for (const name of names) {
    if (free(name)) return name;
    tried += 1;
    if (tried >= namesMax) break;
  }
  throw new HubError(
    "conflict",
    "No name for the account is left on this server. An administrator can change how they are made.",
  );
}

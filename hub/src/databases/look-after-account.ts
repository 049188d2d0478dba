// One look at one account: what is wanted of it, what it really has, and whatever lies between. Begins anew each time, so a hub that dies at any point
// leaves nothing that the next look does not finish.
//
//   nothing ──secret sealed──► begun ──made, ours──► made ──nothing wanted──► locked, ended, dropped ──► ended
//                                │  its name is there and our secret does not open it: name-taken, never touched
import { eq } from "drizzle-orm";
import { addSecret, readSecret } from "../assets/account-secrets.ts";
import { type AssetInZone, findAsset } from "../assets/assets.ts";
import { type AccountRow, accounts } from "../assets/schema.ts";
import { generatePassword } from "../assets/secret.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { notify } from "../notify/notify.ts";
import { HubError } from "../platform/errors.ts";
import type { AccountServer } from "./account-server.ts";
import { openDatabaseSession, withDatabase } from "./connect.ts";
import type { DatabaseDeps } from "./deps.ts";
import { assertDatabaseService } from "./dialect.ts";
import { mysqlAccounts } from "./mysql-accounts.ts";
import { differenceOf, type Held, keyOf, shownOf, unionOf } from "./places.ts";
import { postgresqlAccounts } from "./postgresql-accounts.ts";
import { privilegedLogin } from "./privileged-login.ts";
import { type DatabaseAccountRow, databaseAccounts } from "./schema.ts";
import { type Wanted, wantedOf } from "./wants.ts";

/** What is there is compared with what should be as often as this: what an administrator of the database did in between is repaired, and told. */
export const lookAgainMs = 10 * 60_000;
/** In an audit event or a notice: more is counted. */
const shownMax = 20;

type Work = {
  deps: DatabaseDeps;
  row: DatabaseAccountRow;
  wanted: Wanted;
  target: AssetInZone;
  account: AccountRow;
};

/** @throws HubError why it could not come to its end; whatever was done stays, and is seen by the next look. */
export async function lookAfterAccount(deps: DatabaseDeps, row: DatabaseAccountRow): Promise<void> {
  const { db, clock } = deps;
  const wanted = await wantedOf(db, row.id, clock.now());
  const target = await findAsset(db, row.orgId, row.assetId);
  const [account] = await db.select().from(accounts).where(eq(accounts.id, row.accountId));
  if (target === null || account === undefined) throw new HubError("not-found", "The asset is gone.");
  const work: Work = { deps, row, wanted, target, account };
  // Whoever takes the account from the asset does not want it on the server either.
  if (wanted.held.length === 0 || account.retiredAt !== null || target.asset.retiredAt !== null) return remove(work);
  return keep(work);
}

async function remove(work: Work): Promise<void> {
  const { deps, row, wanted, account } = work;
  if (row.begunAt !== null) {
    // One that was begun may be there or not; one that is there and not ours was never touched.
    await onServer(work, async (server) => {
      if (row.madeAt === null) {
        if (!(await server.exists(row.username))) return;
        const { password } = await secretOf(work);
        if (!(await opens(work, server.entrance([]), password))) return;
        // Ours, and on record as such: once it is locked, its secret opens it no longer.
        await deps.db.update(databaseAccounts).set({ madeAt: deps.clock.now() }).where(eq(databaseAccounts.id, row.id));
      }
      await server.drop(row.username);
    });
  }
  const { clock } = deps;
  const ends = wanted.nextFrom === null || account.retiredAt !== null;
  await deps.db.transaction(async (tx) => {
    const now = clock.now();
    await tx
      .update(databaseAccounts)
      .set({
        begunAt: null,
        madeAt: null,
        secretVersion: null,
        applied: [],
        missing: [],
        ...settled(wanted, now),
        dueAt: wanted.nextFrom ?? now,
        ...(ends ? { endedAt: now } : {}),
      })
      .where(eq(databaseAccounts.id, row.id));
    if (ends) await tx.update(accounts).set({ retiredAt: now, updatedAt: now }).where(eq(accounts.id, account.id));
    if (row.begunAt !== null)
      await recordAudit(tx, { ...headOf(row), kind: "database-account.dropped", data: { assetId: row.assetId } });
  });
}

async function keep(work: Work): Promise<void> {
  const { deps, row, wanted } = work;
  const { db, clock } = deps;
  const { version, password } = await secretOf(work);
  await onServer(work, async (server) => {
    // First of all: on a replica one of its name may be there, made where it is copied from.
    if (row.madeAt === null) await server.assertTakesChanges();
    const { wanted: should, missing } = await server.resolve(unionOf(wanted.places));
    const exists = await server.exists(row.username);
    if (row.madeAt === null) {
      if (exists && (row.begunAt === null || !(await opens(work, server.entrance([]), password)))) throw nameTaken(row.username);
      // On record before the server hears of it: from here on an account of this name may be ours.
      if (row.begunAt === null)
        await db.update(databaseAccounts).set({ begunAt: clock.now() }).where(eq(databaseAccounts.id, row.id));
      if (!exists) await server.create(row.username, password);
    } else if (!exists) await server.create(row.username, password);
    else if (row.secretVersion !== version) await server.restore(row.username, password);
    const difference = differenceOf(should, await server.actual(row.username, should));
    const refused = await server.apply(row.username, difference);
    await server.limit(row.username, wanted.until, clock.now());
    // Whether it is let in is seen by going in; whoever changed its password, or locked it, is overruled.
    const letIn = await opens(work, server.entrance(should), password);
    if (!letIn) {
      await server.restore(row.username, password);
      if (!(await opens(work, server.entrance(should), password)))
        throw new HubError("sign-in-failed", `${work.target.asset.name} does not let ${row.username} in.`, {
          facts: { asset: work.target.asset.name, account: row.username },
        });
    }
    // It has what nobody approved, and cannot be rid of it from here: that is no end of the work.
    if (refused !== null) throw refused;
    await settle(work, { version, should, missing, difference, exists, letIn });
  });
}

type Seen = {
  version: number;
  should: Held[];
  missing: DatabaseAccountRow["missing"];
  difference: ReturnType<typeof differenceOf>;
  exists: boolean;
  letIn: boolean;
};

async function settle({ deps, row, wanted, target }: Work, seen: Seen): Promise<void> {
  const { version, should, missing, difference } = seen;
  const now = deps.clock.now();
  const before = new Set(row.applied);
  // What it had when it was last seen and has no longer, or has and never got from here, somebody else did.
  const drift =
    row.madeAt === null
      ? []
      : [
          ...(seen.exists ? [] : ["account dropped"]),
          ...(seen.letIn || row.secretVersion !== version ? [] : ["password or lock changed"]),
          ...difference.give
            .map(keyOf)
            .filter((key) => seen.exists && before.has(key))
            .map((key) => `missing: ${shownOf(key)}`),
          ...difference.take
            .map(keyOf)
            .filter((key) => !before.has(key))
            .map((key) => `added: ${shownOf(key)}`),
        ];
  const changed = difference.give.length + difference.take.length > 0;
  await deps.db.transaction(async (tx) => {
    await tx
      .update(databaseAccounts)
      .set({
        madeAt: row.madeAt ?? now,
        secretVersion: version,
        applied: should.map(keyOf),
        missing,
        ...settled(wanted, now),
        dueAt: new Date(Math.min(now.getTime() + lookAgainMs, wanted.nextFrom?.getTime() ?? Number.POSITIVE_INFINITY)),
      })
      .where(eq(databaseAccounts.id, row.id));
    const data = {
      assetId: row.assetId,
      given: shown(difference.give),
      taken: shown(difference.take),
      missing: JSON.stringify(missing),
    };
    if (row.madeAt === null) await recordAudit(tx, { ...headOf(row), kind: "database-account.made", data });
    else if (changed) await recordAudit(tx, { ...headOf(row), kind: "database-account.changed", data });
    if (drift.length === 0) return;
    const found = few(drift);
    await recordAudit(tx, { ...headOf(row), kind: "database-account.drifted", data: { assetId: row.assetId, found } });
    await notify(
      tx,
      {
        kind: "database-account.drifted",
        orgId: row.orgId,
        data: { assetId: row.assetId, asset: target.asset.name, account: row.username, found },
      },
      now,
    );
  });
}

const settled = ({ held }: Wanted, now: Date) => ({ seen: held, attempts: 0, failure: null, lookedAt: now });

const few = (texts: string[]): string =>
  `${texts.slice(0, shownMax).join("; ")}${texts.length > shownMax ? `; and ${texts.length - shownMax} more` : ""}`;
const shown = (held: Held[]): string => few(held.map((one) => shownOf(keyOf(one))));

export const headOf = (row: DatabaseAccountRow) => ({
  orgId: row.orgId,
  actor: null,
  subject: { kind: "account" as const, id: row.accountId, name: row.username },
  ip: null,
});

/** The one in use; the first is made here, and sealed before anything is said to the server. */
async function secretOf({ deps, account }: Work): Promise<{ version: number; password: string }> {
  const { db, vault, clock } = deps;
  const version =
    account.version > 0
      ? account.version
      : await db.transaction((tx) =>
          addSecret(
            tx,
            vault,
            account,
            { kind: "password", password: generatePassword() },
            { id: null, at: clock.now(), use: true },
          ),
        );
  const secret = await readSecret(db, vault, account, version);
  if (secret.kind !== "password") throw new HubError("no-secret", "A database asks for a password, and the account has a key.");
  return { version, password: secret.password };
}

/** Does this password open it? Being let in is all: which databases it may enter is not asked. */
async function opens({ deps, row, target }: Work, database: string | null, password: string): Promise<boolean> {
  const login = { username: row.username, password };
  try {
    await withDatabase(deps, { target, login, database }, async () => {});
    return true;
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    if (error.code === "sign-in-failed") return false;
    // Who may not enter a database has signed in before he hears of it.
    if (error.code === "database-not-permitted" || error.code === "no-such-database") return true;
    throw error;
  }
}

async function onServer({ deps, target }: Work, use: (server: AccountServer) => Promise<void>): Promise<void> {
  const { dialect } = assertDatabaseService(target.asset);
  const login = await privilegedLogin(deps, target.asset);
  const open = (database: string | null) => openDatabaseSession(deps, { target, login, database });
  const { name } = target.asset;
  const server = dialect === "mysql" ? await mysqlAccounts(await open(null), name) : await postgresqlAccounts(open, name);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const nameTaken = (account: string): HubError =>
  new HubError("name-taken", `The server has an account called ${account} that was not made here. It is not touched.`, {
    facts: { name: account },
  });

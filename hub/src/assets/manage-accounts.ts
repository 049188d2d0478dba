// What administrators do with the accounts of an asset: add, change, give a secret, reveal one, retire.
import { newId } from "@sallyport/protocol/ids";
import { and, desc, eq, isNull } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import { isUniqueViolation, type Queryable, type Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { addSecret, readSecret } from "./account-secrets.ts";
import { lockAsset } from "./assets.ts";
import type { AssetDeps } from "./deps.ts";
import type { ChangeAccount, CreateAccount, SecretInput } from "./input.ts";
import { type AccountRow, accountSecrets, accounts } from "./schema.ts";
import { authorizedKey, generateKey, generatePassword, readPrivateKey, type Secret } from "./secret.ts";

const subjectOf = ({ id, username }: { id: string; username: string }) => ({ kind: "account" as const, id, name: username });

/** @throws HubError `not-found`, `name-taken`, `bad-key`. */
export async function createAccount(
  deps: AssetDeps,
  actor: Actor,
  { assetId, secret, ...fields }: CreateAccount,
): Promise<string> {
  assertMay(actor, "accounts.manage");
  const id = await deps.db
    .transaction((tx) => addAccount(deps, tx, actor, { assetId, secret, ...fields, templateId: null }))
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(fields.username) : error;
    });
  deps.changes.announce(actor.orgId, "assets", assetId);
  return id;
}

/** @throws HubError `not-found`, `conflict`, `bad-key`; the database's unique violation for a name that is taken. */
export async function addAccount(
  { vault, clock }: AssetDeps,
  tx: Transaction,
  actor: Actor,
  { assetId, secret, ...fields }: CreateAccount & { templateId: string | null },
): Promise<string> {
  const made = makeSecret(secret, fields.username);
  const now = clock.now();
  const id = newId("acc", now.getTime());
  const asset = await lockAsset(tx, actor.orgId, assetId);
  if (asset === null) throw notFound("asset");
  if (asset.agentId !== null && asset.address === "")
    throw new HubError(
      "conflict",
      "An agent's own host is reached as the account its agent runs as. Add the host as an asset of its own for others.",
    );
  await assertSuFrom(tx, assetId, fields.suFromId, id);
  const account = { id, orgId: actor.orgId, assetId, ...fields, ...made.columns, createdAt: now, updatedAt: now };
  await tx.insert(accounts).values(account);
  await addSecret(tx, vault, account, made.secret, { id: actor.id, at: now, use: true });
  await recordAudit(tx, {
    kind: "account.created",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: subjectOf(account),
    ip: actor.ip,
    data: { assetId, username: account.username, secretKind: account.secretKind, privileged: account.privileged },
  });
  return id;
}

/** @throws HubError `not-found`, `name-taken`, `conflict` for an account that would become itself. */
export async function changeAccount(deps: AssetDeps, actor: Actor, { id, ...wanted }: ChangeAccount): Promise<void> {
  assertMay(actor, "accounts.manage");
  let assetId = "";
  await deps.db
    .transaction(async (tx) => {
      const account = await lockAccount(tx, actor.orgId, id);
      assetId = account.assetId;
      if (wanted.suFromId !== undefined) await assertSuFrom(tx, assetId, wanted.suFromId, id);
      const fields = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      const changes = changesOf(account, fields);
      if (changes.after === "{}") return;
      await tx
        .update(accounts)
        .set({ ...fields, updatedAt: deps.clock.now() })
        .where(eq(accounts.id, id));
      await recordAudit(tx, {
        kind: "account.changed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(account),
        ip: actor.ip,
        data: { assetId, ...changes },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(wanted.username ?? "") : error;
    });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "assets", assetId);
}

/** A new version of the secret, in use from now on. What is signed in stays so. @throws HubError `not-found`, `bad-key`. */
export async function setSecret(
  deps: AssetDeps,
  actor: Actor,
  { id, secret }: { id: string; secret: SecretInput },
): Promise<{ version: number; publicKey: string | null }> {
  assertMay(actor, "accounts.manage");
  return deps.db.transaction(async (tx) => {
    const account = await lockAccount(tx, actor.orgId, id);
    const made = makeSecret(secret, account.username);
    const now = deps.clock.now();
    const version = await addSecret(tx, deps.vault, account, made.secret, { id: actor.id, at: now, use: true });
    await tx
      .update(accounts)
      .set({ ...made.columns, checkedAt: null, checkFailure: null, pendingVersion: null, leftVersion: null })
      .where(eq(accounts.id, id));
    await recordAudit(tx, {
      kind: "account.secret-set",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(account),
      ip: actor.ip,
      data: { assetId: account.assetId, version, how: secret.kind },
    });
    return { version, publicKey: made.columns.publicKey };
  });
}

/** The secret in the clear. The record of it commits before it is shown. @throws HubError `confirm-first`, `not-found`, `no-secret`. */
export async function revealSecret(
  { db, vault, clock }: AssetDeps,
  actor: Actor,
  { id, version, reason }: { id: string; version?: number | undefined; reason: string },
): Promise<Secret & { version: number }> {
  assertMay(actor, "secrets.reveal");
  freshMfa(actor, clock.now());
  const account = await findAccount(db, actor.orgId, id);
  if (account === null) throw notFound("account");
  const wanted = version ?? account.version;
  const secret = await readSecret(db, vault, account, wanted);
  await db.transaction((tx) =>
    recordAudit(tx, {
      kind: "account.secret-revealed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(account),
      ip: actor.ip,
      data: { assetId: account.assetId, version: wanted, reason },
    }),
  );
  return { ...secret, version: wanted };
}

/** Nobody signs in as it any more; what is open as it ends. Its secrets stay sealed, for the record of what was. @throws HubError `not-found`. */
export async function deleteAccount(deps: AssetDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "accounts.manage");
  const assetId = await deps.db.transaction(async (tx) => {
    const account = await lockAccount(tx, actor.orgId, id);
    const [user] = await tx
      .select({ username: accounts.username })
      .from(accounts)
      .where(and(eq(accounts.suFromId, id), isNull(accounts.retiredAt)))
      .limit(1);
    if (user !== undefined)
      throw new HubError("conflict", `${user.username} is reached through this account. Change that one first.`);
    await tx.update(accounts).set({ retiredAt: deps.clock.now() }).where(eq(accounts.id, id));
    await recordAudit(tx, {
      kind: "account.deleted",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(account),
      ip: actor.ip,
      data: { assetId: account.assetId, username: account.username },
    });
    return account.assetId;
  });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "assets", assetId);
}

/** Numbers, times and makers of the versions, newest first; no secret. */
export async function versionsOf(db: Queryable, accountId: string) {
  return db
    .select({ version: accountSecrets.version, createdAt: accountSecrets.createdAt, createdBy: accountSecrets.createdBy })
    .from(accountSecrets)
    .where(eq(accountSecrets.accountId, accountId))
    .orderBy(desc(accountSecrets.version))
    .limit(100);
}

export async function findAccount(db: Queryable, orgId: string, id: string): Promise<AccountRow | null> {
  const [row] = await db
    .select()
    .from(accounts)
    .where(and(eq(accounts.orgId, orgId), eq(accounts.id, id), isNull(accounts.retiredAt)));
  return row ?? null;
}

async function lockAccount(tx: Transaction, orgId: string, id: string): Promise<AccountRow> {
  const [row] = await tx
    .select()
    .from(accounts)
    .where(and(eq(accounts.orgId, orgId), eq(accounts.id, id), isNull(accounts.retiredAt)))
    .for("update");
  if (row === undefined) throw notFound("account");
  return row;
}

/** @throws HubError `bad-key`. */
export function makeSecret(input: SecretInput, username: string) {
  if (input.kind === "password" || input.kind === "new-password")
    return {
      secret: { kind: "password", password: input.kind === "password" ? input.password : generatePassword() } satisfies Secret,
      columns: { secretKind: "password" as const, publicKey: null },
    };
  const given = input.kind === "ssh-key" ? input : { privateKey: generateKey(username).privateKey, passphrase: null };
  const key = readPrivateKey(given);
  return {
    secret: { kind: "ssh-key", privateKey: given.privateKey, passphrase: given.passphrase } satisfies Secret,
    columns: { secretKind: "ssh-key" as const, publicKey: authorizedKey(key, username) },
  };
}

/** The account before su(1) is one of the same asset, and no circle. */
async function assertSuFrom(tx: Transaction, assetId: string, suFromId: string | null, id: string): Promise<void> {
  if (suFromId === null) return;
  const [from] = await tx
    .select()
    .from(accounts)
    .where(and(eq(accounts.id, suFromId), eq(accounts.assetId, assetId), isNull(accounts.retiredAt)));
  if (from === undefined) throw notFound("account");
  if (from.id === id || from.suFromId !== null)
    throw new HubError("conflict", "An account is reached through one that signs in by itself.");
}

const nameTaken = (username: string) =>
  new HubError("name-taken", `There is already an account called ${username} on this asset.`, { facts: { name: username } });

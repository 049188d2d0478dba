// Account templates: what accounts of one kind have in common, so that they are written once. Applying one to assets: custody/apply-template.ts.
import { newId } from "@sallyport/protocol/ids";
import { and, asc, count, eq, isNotNull, isNull, lt } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { type Database, isUniqueViolation, type Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { rewrappedAtOnce, type SealedRows, sealedRows } from "../platform/sealed-rows.ts";
import { keyNumberOf, type SealedPlace, type Vault } from "../platform/vault.ts";
import type { AssetDeps } from "./deps.ts";
import type { ChangeTemplate, CreateTemplate, SecretInput } from "./input.ts";
import { makeSecret } from "./manage-accounts.ts";
import { accounts, accountTemplates, type TemplateRow } from "./schema.ts";
import { parseSecret } from "./secret.ts";

const subjectOf = ({ id, name }: { id: string; name: string }) => ({ kind: "template" as const, id, name });

const placeOf = ({ id, orgId, version }: Pick<TemplateRow, "id" | "orgId" | "version">): SealedPlace => ({
  orgId,
  table: "account_templates",
  row: id,
  field: "sealed",
  version,
});

export type TemplateWithAccounts = { template: TemplateRow; accounts: number };

/** By name, with how many accounts of each there are; no more than a page shows, since people choose from them. */
export async function templatesOf(db: Queryable, orgId: string): Promise<TemplateWithAccounts[]> {
  const made = db
    .select({ templateId: accounts.templateId, total: count().as("total") })
    .from(accounts)
    .where(and(eq(accounts.orgId, orgId), isNotNull(accounts.templateId), isNull(accounts.retiredAt)))
    .groupBy(accounts.templateId)
    .as("made");
  const rows = await db
    .select({ template: accountTemplates, total: made.total })
    .from(accountTemplates)
    .leftJoin(made, eq(made.templateId, accountTemplates.id))
    .where(eq(accountTemplates.orgId, orgId))
    .orderBy(asc(accountTemplates.name))
    .limit(500);
  return rows.map(({ template, total }) => ({ template, accounts: total ?? 0 }));
}

export async function findTemplate(db: Queryable, orgId: string, id: string): Promise<TemplateRow | null> {
  const [row] = await db
    .select()
    .from(accountTemplates)
    .where(and(eq(accountTemplates.orgId, orgId), eq(accountTemplates.id, id)));
  return row ?? null;
}

/** @throws HubError `name-taken`, `bad-key`. */
export async function createTemplate(deps: AssetDeps, actor: Actor, { secret, ...fields }: CreateTemplate): Promise<string> {
  assertMay(actor, "accounts.manage");
  const now = deps.clock.now();
  const row = { id: newId("tpl", now.getTime()), orgId: actor.orgId, ...fields };
  await deps.db
    .transaction(async (tx) => {
      const columns = secretColumns(deps.vault, { ...row, version: 1 }, secret);
      await tx.insert(accountTemplates).values({ ...row, ...columns, createdAt: now, updatedAt: now });
      await recordAudit(tx, {
        kind: "template.created",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(row),
        ip: actor.ip,
        data: { username: row.username, secret: secret.kind },
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(fields.name) : error;
    });
  deps.changes.announce(actor.orgId, "assets");
  return row.id;
}

/** Accounts that exist keep what they were given, but for the rule of days. @throws HubError `not-found`, `name-taken`, `bad-key`. */
export async function changeTemplate(deps: AssetDeps, actor: Actor, { id, secret, ...wanted }: ChangeTemplate): Promise<void> {
  assertMay(actor, "accounts.manage");
  await deps.db
    .transaction(async (tx) => {
      const [row] = await tx
        .select()
        .from(accountTemplates)
        .where(and(eq(accountTemplates.orgId, actor.orgId), eq(accountTemplates.id, id)))
        .for("update");
      if (row === undefined) throw notFound("template");
      const fields = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      const columns = secret === undefined ? {} : secretColumns(deps.vault, { ...row, version: row.version + 1 }, secret);
      const changes = changesOf(row, { ...fields, ...("secret" in columns ? { secret: columns.secret } : {}) });
      if (changes.after === "{}" && secret === undefined) return;
      await tx
        .update(accountTemplates)
        .set({ ...fields, ...columns, updatedAt: deps.clock.now() })
        .where(eq(accountTemplates.id, id));
      await recordAudit(tx, {
        kind: "template.changed",
        orgId: actor.orgId,
        actor: auditActor(actor),
        subject: subjectOf(row),
        ip: actor.ip,
        data: changes,
      });
    })
    .catch((error) => {
      throw isUniqueViolation(error) ? nameTaken(wanted.name ?? "") : error;
    });
  deps.changes.announce(actor.orgId, "assets");
}

/** Accounts it has made stay. @throws HubError `not-found`. */
export async function deleteTemplate(deps: AssetDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "accounts.manage");
  await deps.db.transaction(async (tx) => {
    const [row] = await tx
      .delete(accountTemplates)
      .where(and(eq(accountTemplates.orgId, actor.orgId), eq(accountTemplates.id, id)))
      .returning();
    if (row === undefined) throw notFound("template");
    await recordAudit(tx, {
      kind: "template.deleted",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: subjectOf(row),
      ip: actor.ip,
      data: { username: row.username },
    });
  });
  deps.changes.announce(actor.orgId, "assets");
}

/** The secret that an account made of this template starts with. */
export function secretOfTemplate(vault: Vault, template: TemplateRow): SecretInput {
  if (template.sealed === null) return { kind: template.secret === "new-ssh-key" ? "new-ssh-key" : "new-password" };
  const plain = vault.open(template.sealed, placeOf(template));
  try {
    return parseSecret(plain.toString("utf8"));
  } finally {
    plain.fill(0);
  }
}

export const presentTemplate = ({ template: row, accounts: made }: TemplateWithAccounts) => ({
  id: row.id,
  name: row.name,
  username: row.username,
  privileged: row.privileged,
  secret: row.secret,
  suFrom: row.suFrom,
  rotateEveryDays: row.rotateEveryDays,
  push: row.push,
  comment: row.comment,
  accounts: made,
  updatedAt: row.updatedAt.toISOString(),
});

/** For a change of the vault's key. */
export const sealedTemplates = (db: Database, vault: Vault): SealedRows =>
  sealedRows(db, accountTemplates, accountTemplates.vaultKey, async () => {
    const rows = await db
      .select()
      .from(accountTemplates)
      .where(lt(accountTemplates.vaultKey, vault.current))
      .limit(rewrappedAtOnce);
    for (const row of rows) {
      if (row.sealed === null) continue;
      const sealed = vault.rewrap(row.sealed, placeOf(row));
      // A secret that somebody stores meanwhile has another version, and the current key.
      await db
        .update(accountTemplates)
        .set({ sealed, vaultKey: keyNumberOf(sealed) })
        .where(and(eq(accountTemplates.id, row.id), eq(accountTemplates.version, row.version)));
    }
    return rows.length;
  });

function secretColumns(vault: Vault, row: Pick<TemplateRow, "id" | "orgId" | "version" | "username">, input: SecretInput) {
  const { version } = row;
  if (input.kind === "new-password" || input.kind === "new-ssh-key")
    return { secret: input.kind, sealed: null, vaultKey: null, version };
  const plain = Buffer.from(JSON.stringify(makeSecret(input, row.username).secret));
  const sealed = vault.seal(plain, placeOf(row));
  plain.fill(0);
  return { secret: input.kind, sealed, vaultKey: keyNumberOf(sealed), version };
}

const nameTaken = (name: string) =>
  new HubError("name-taken", `There is already a template called ${name}.`, { facts: { name } });

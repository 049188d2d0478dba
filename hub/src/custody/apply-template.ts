// Makes accounts of a template on many assets, and says of each asset how it went. What is there already is left alone.
import { and, eq, isNull } from "drizzle-orm";
import type { z } from "zod";
import type { AssetDeps } from "../assets/deps.ts";
import type { applyTemplate as applyInput } from "../assets/input.ts";
import { addAccount } from "../assets/manage-accounts.ts";
import { findTemplate, secretOfTemplate } from "../assets/manage-templates.ts";
import { type AccountRow, accounts, type TemplateRow } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { isUniqueViolation, type Queryable, type Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { CustodyDeps } from "./deps.ts";
import { addTasks, findAccounts } from "./tasks.ts";

export const appliedCodes = ["created", "exists", "not-found", "no-su-account", "agents-own-host", "not-made"] as const;
export type Applied = { assetId: string; code: (typeof appliedCodes)[number]; accountId: string | null };

/**
 * Each asset by itself, so that one that cannot have the account does not keep the others from it. Pushes are asked for, not waited for.
 *
 * @returns one line an asset, in the order they were named.
 * @throws HubError `forbidden`, `not-found` for the template.
 */
export async function applyTemplate(
  { assets: deps }: CustodyDeps,
  actor: Actor,
  { id, assetIds }: z.infer<typeof applyInput>,
): Promise<Applied[]> {
  assertMay(actor, "accounts.manage");
  const { db, clock, changes } = deps;
  const template = await findTemplate(db, actor.orgId, id);
  if (template === null) throw notFound("template");
  const applied: Applied[] = [];
  for (const assetId of new Set(assetIds)) {
    const line = await db
      .transaction((tx) => applyTo(deps, tx, actor, template, assetId))
      .catch((error: unknown): Applied => ({ assetId, code: codeOf(error), accountId: null }));
    applied.push(line);
    if (line.accountId !== null) changes.announce(actor.orgId, "assets", assetId);
  }
  const made = applied.flatMap(({ code, accountId }) => (code === "created" && accountId !== null ? [accountId] : []));
  await db.transaction(async (tx) => {
    const by = { id: actor.id, name: actor.name, ip: actor.ip };
    const pushed = template.push
      ? await addTasks(tx, "push", await findAccounts(tx, actor.orgId, made), { by, now: clock.now() })
      : 0;
    await recordAudit(tx, {
      kind: "template.applied",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "template", id, name: template.name },
      ip: actor.ip,
      data: { assets: applied.length, created: made.length, pushed },
    });
  });
  return applied;
}

async function applyTo(deps: AssetDeps, tx: Transaction, actor: Actor, template: TemplateRow, assetId: string): Promise<Applied> {
  const { username, privileged, comment, suFrom } = template;
  const there = await findByName(tx, actor.orgId, assetId, username);
  if (there !== null) return { assetId, code: "exists", accountId: there.id };
  const from = suFrom === null ? null : await findByName(tx, actor.orgId, assetId, suFrom);
  if (suFrom !== null && from === null) throw new NoSuAccount();
  const accountId = await addAccount(deps, tx, actor, {
    assetId,
    username,
    privileged,
    comment,
    active: true,
    suFromId: from?.id ?? null,
    // The template's rule holds, also when it is changed later.
    rotateEveryDays: null,
    templateId: template.id,
    secret: secretOfTemplate(deps.vault, template),
  });
  return { assetId, code: "created", accountId };
}

class NoSuAccount extends Error {}

function codeOf(error: unknown): Applied["code"] {
  if (error instanceof NoSuAccount) return "no-su-account";
  if (isUniqueViolation(error)) return "exists";
  if (!(error instanceof HubError)) throw error;
  return error.code === "not-found" ? "not-found" : error.code === "conflict" ? "agents-own-host" : "not-made";
}

async function findByName(db: Queryable, orgId: string, assetId: string, username: string): Promise<AccountRow | null> {
  const [row] = await db
    .select()
    .from(accounts)
    .where(
      and(eq(accounts.orgId, orgId), eq(accounts.assetId, assetId), eq(accounts.username, username), isNull(accounts.retiredAt)),
    );
  return row ?? null;
}

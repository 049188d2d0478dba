// Rules are written, changed, put into another order and removed. They hold at once, in terminals that are open as well.
import { newId } from "@sallyport/protocol/ids";
import { and, eq } from "drizzle-orm";
import { assertEnds } from "../access/manage-grants.ts";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, actOn, assertMay } from "../identity/actor.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { withdrawReviewsOf } from "../tickets/raise-review.ts";
import { covers } from "./covers.ts";
import type { RuleDeps } from "./deps.ts";
import type { ChangeRule, RuleInput, RuleKind } from "./input.ts";
import { compile } from "./patterns.ts";
import { namesOf, rulesOf } from "./rules.ts";
import { type RuleRow, rules } from "./schema.ts";

/** Of each kind; more than these nobody oversees. */
const rulesMax = 200;

/** It is asked last. @throws HubError `too-many`, `not-found` for whom or what it names, `bad-input`, `would-lock-out`. */
export async function createRule(deps: RuleDeps, actor: Actor, input: RuleInput): Promise<string> {
  assertMay(actor, "rules.manage");
  const now = deps.clock.now();
  const id = newId("rul", now.getTime());
  await deps.db.transaction(async (tx) => {
    const there = await rulesOf(tx, actor.orgId, input.kind);
    if (there.length >= rulesMax)
      throw new HubError(
        "too-many",
        `An organisation has at most ${rulesMax} rules of a kind. Remove one that is no longer needed.`,
        {
          facts: { most: rulesMax },
        },
      );
    await assertSensible(tx, actor, input, null);
    await tx
      .insert(rules)
      .values({ id, orgId: actor.orgId, ...input, position: there.length, changedBy: actor.id, createdAt: now, updatedAt: now });
    await assertStillIn(tx, actor, input.kind, now);
    await recordAudit(tx, {
      kind: "rule.created",
      ...actOn(actor, "rule", { id, name: input.name }),
      data: { rule: JSON.stringify(input) },
    });
  });
  await changed(deps, actor);
  return id;
}

/** @throws HubError as {@link createRule}; `bad-input` for another kind, `conflict` when somebody has changed it since it was seen. */
export async function changeRule(deps: RuleDeps, actor: Actor, { id, rule: input, seen }: ChangeRule): Promise<void> {
  assertMay(actor, "rules.manage");
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const rule = await lockRule(tx, actor, id);
    if (seen !== undefined && Date.parse(seen) !== rule.updatedAt.getTime())
      throw new HubError("conflict", "Somebody has changed this rule meanwhile. Look at what it says now, then change it again.");
    if (rule.kind !== input.kind)
      throw new HubError("bad-input", "A rule stays of its kind. Make another one instead.", { facts: { fields: "kind" } });
    await assertSensible(tx, actor, input, rule);
    await tx
      .update(rules)
      .set({ ...input, changedBy: actor.id, updatedAt: laterThan(rule.updatedAt, now) })
      .where(eq(rules.id, id));
    await assertStillIn(tx, actor, input.kind, now);
    await recordAudit(tx, { kind: "rule.changed", ...actOn(actor, "rule", rule), data: changesOf(rule, input) });
  });
  if (!input.active || input.outcome !== "review") await withdrawReviewsOf(deps, actor.orgId, id);
  await changed(deps, actor);
}

/** @throws HubError `not-found`, `would-lock-out`. */
export async function removeRule(deps: RuleDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "rules.manage");
  await deps.db.transaction(async (tx) => {
    const rule = await lockRule(tx, actor, id);
    await tx.delete(rules).where(eq(rules.id, id));
    await assertStillIn(tx, actor, rule.kind, deps.clock.now());
    await recordAudit(tx, { kind: "rule.removed", ...actOn(actor, "rule", rule), data: {} });
  });
  await withdrawReviewsOf(deps, actor.orgId, id);
  await changed(deps, actor);
}

/** before: another of its kind; null: to the end. @throws HubError `not-found`, `would-lock-out`. */
export async function moveRule(
  deps: RuleDeps,
  actor: Actor,
  { id, before }: { id: string; before: string | null },
): Promise<void> {
  assertMay(actor, "rules.manage");
  await deps.db.transaction(async (tx) => {
    const rule = await lockRule(tx, actor, id);
    const others = (await rulesOf(tx, actor.orgId, rule.kind)).filter((one) => one.id !== id);
    const at = before === null ? others.length : others.findIndex((one) => one.id === before);
    if (at < 0) throw notFound("rule");
    const order = [...others.slice(0, at), rule, ...others.slice(at)];
    for (const [position, one] of order.entries())
      if (one.position !== position) await tx.update(rules).set({ position }).where(eq(rules.id, one.id));
    await assertStillIn(tx, actor, rule.kind, deps.clock.now());
    await recordAudit(tx, { kind: "rule.moved", ...actOn(actor, "rule", rule), data: { position: at + 1, of: order.length } });
  });
  await changed(deps, actor);
}

/** By whoever has the hub's own machine: a way in when rules of signing in leave none. Returns how many were on. */
export async function turnOffSignInRules({ db, clock, changes }: Pick<RuleDeps, "db" | "clock" | "changes">): Promise<number> {
  const off = await db.transaction(async (tx) => {
    const rows = await tx
      .update(rules)
      // Whoever has a form open on one from before is told, and does not switch it on again by what it says.
      .set({ active: false, updatedAt: clock.now() })
      .where(and(eq(rules.kind, "sign-in"), eq(rules.active, true)))
      .returning();
    for (const rule of rows)
      await recordAudit(tx, {
        kind: "rule.changed",
        orgId: rule.orgId,
        actor: { id: "local", name: "hub host" },
        subject: { kind: "rule", id: rule.id, name: rule.name },
        ip: null,
        data: { before: JSON.stringify({ active: true }), after: JSON.stringify({ active: false }) },
      });
    return rows;
  });
  for (const orgId of new Set(off.map((rule) => rule.orgId))) changes.announce(orgId, "rules");
  return off.length;
}

/** Two changes never bear the same time, whatever the clock says: by it a writer tells what he has seen. */
const laterThan = (before: Date, now: Date) => new Date(Math.max(now.getTime(), before.getTime() + 1));

type Names = Pick<RuleInput, "subjects" | "targets" | "level">;

const peopleIn = ({ subjects, level }: Names) => [
  ...subjects,
  ...(level === null ? [] : [...level.approvers, ...level.escalateTo]).flatMap((one) => ("id" in one ? [one] : [])),
];

/** What it named before and is gone since keeps nobody from switching it off. */
async function assertSensible(tx: Transaction, actor: Actor, input: RuleInput, before: Names | null): Promise<void> {
  for (const one of input.patterns) compile(one);
  const named = new Set(before === null ? [] : [...peopleIn(before), ...before.targets].map(({ kind, id }) => `${kind}:${id}`));
  const isNew = ({ kind, id }: { kind: string; id: string }) => !named.has(`${kind}:${id}`);
  await assertEnds(tx, actor.orgId, { subjects: peopleIn(input).filter(isNew), targets: input.targets.filter(isNew) });
}

/** Whoever writes rules of signing in is not shut out by them from where he is: nobody could take them back. @throws HubError `would-lock-out`. */
async function assertStillIn(tx: Transaction, actor: Actor, kind: RuleKind, now: Date): Promise<void> {
  if (kind !== "sign-in") return;
  const { subjects, ends } = await namesOf(tx, { userId: actor.id, orgId: actor.orgId, assetId: null });
  const situation = { now, address: actor.ip, subjects, ends, account: null, protocol: null };
  const first = (await rulesOf(tx, actor.orgId, kind)).find((rule) => covers(rule, situation));
  if (first?.outcome === "refuse" || first?.outcome === "review")
    throw new HubError(
      "would-lock-out",
      "You yourself could not sign in from here any more. Put a rule before it that allows you.",
      {
        facts: { rule: first.name },
      },
    );
}

async function lockRule(tx: Transaction, actor: Actor, id: string): Promise<RuleRow> {
  const [rule] = await tx
    .select()
    .from(rules)
    .where(and(eq(rules.orgId, actor.orgId), eq(rules.id, id)))
    .for("update");
  if (rule === undefined) throw notFound("rule");
  return rule;
}

async function changed({ changes, guardTerminals }: RuleDeps, { orgId }: Actor): Promise<void> {
  await guardTerminals(orgId);
  changes.announce(orgId, "rules");
}

// Somebody asks. A draft is his alone; submitted it goes to those whom the flow names, or, where the flow says so, is approved by itself.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay } from "../identity/actor.ts";
import { groupMembers } from "../identity/schema.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { approve } from "./approve.ts";
import type { TicketDeps } from "./deps.ts";
import { flowFor } from "./flows.ts";
import type { Askable, AutoApproval, ChangeTicket, OpenTicket } from "./input.ts";
import { askableKindOf, isAskable } from "./kinds/kinds.ts";
import { type FlowRow, type TicketRow, tickets } from "./schema.ts";
import { tellDeciders } from "./tell-of-ticket.ts";
import { ticketHead, wayOf } from "./ticket-head.ts";
import { assertStep } from "./ticket-state.ts";
import { lockTicket } from "./tickets.ts";

/** @throws HubError `no-flow`. */
export async function openTicket(deps: TicketDeps, actor: Actor, { submit, ...fields }: OpenTicket): Promise<string> {
  assertMay(actor, "tickets.open");
  const now = deps.clock.now();
  const id = await deps.db.transaction(async (tx) => {
    const behalf = actor.via.kind === "behalf" ? { origin: "on-behalf" as const, keyId: actor.via.keyId } : {};
    const ticket = await insertTicket(tx, actor, { ...fields, extendsId: null, ...behalf }, now);
    if (submit) await submitTicket(deps, tx, actor, ticket, now);
    return ticket.id;
  });
  deps.changes.announce(actor.orgId, "tickets", id);
  return id;
}

/** Of a draft; submit sends it on its way. @throws HubError `not-found`, `ticket-state`, `no-flow`. */
export async function changeTicket(deps: TicketDeps, actor: Actor, { id, submit, ...fields }: ChangeTicket): Promise<void> {
  assertMay(actor, "tickets.open");
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    if (ticket.requesterId !== actor.id) throw notFound("ticket");
    assertStep(ticket.state, "change");
    const set = { ...fields, kind: fields.asked.kind, updatedAt: now };
    await tx.update(tickets).set(set).where(eq(tickets.id, id));
    if (submit) await submitTicket(deps, tx, actor, { ...ticket, ...set }, now);
  });
  deps.changes.announce(actor.orgId, "tickets", id);
}

/**
 * The same once more, beginning when it ends. What is asked for is what was approved, so nothing comes in that nobody has looked at.
 *
 * @throws HubError `not-found`, `ticket-state`, `no-flow`.
 */
export async function extendTicket(
  deps: TicketDeps,
  actor: Actor,
  { id, minutes, reason }: { id: string; minutes: number; reason: string },
): Promise<string> {
  assertMay(actor, "tickets.open");
  const now = deps.clock.now();
  const extended = await deps.db.transaction(async (tx) => {
    const before = await lockTicket(tx, actor, id, now);
    if (before.requesterId !== actor.id) throw notFound("ticket");
    assertStep(before.state, "extend");
    const given = before.narrowed ?? before.asked;
    if (!isAskable(given)) throw new HubError("conflict", "A rule asked for this. It asks again by itself when it has to.");
    const asked: Askable = { ...given, startsAt: before.endsAt?.toISOString() ?? null, minutes };
    const fields = { title: before.title, reason, references: before.references, asked, extendsId: id };
    const ticket = await insertTicket(tx, actor, fields, now);
    await submitTicket(deps, tx, actor, ticket, now);
    return ticket.id;
  });
  deps.changes.announce(actor.orgId, "tickets", extended);
  return extended;
}

/** A draft; whoever calls says what becomes of it. */
export async function insertTicket(
  tx: Transaction,
  { id: requesterId, orgId }: Pick<Actor, "id" | "orgId">,
  fields: Pick<TicketRow, "title" | "reason" | "references" | "asked" | "extendsId"> &
    Partial<Pick<TicketRow, "origin" | "keyId">>,
  now: Date,
): Promise<TicketRow> {
  const id = newId("tkt", now.getTime());
  const row = { id, orgId, kind: fields.asked.kind, ...fields, requesterId };
  const [ticket] = await tx
    .insert(tickets)
    .values({ ...row, state: "draft", createdAt: now, updatedAt: now })
    .returning();
  if (ticket === undefined) throw new Error("a row that was inserted is returned");
  return ticket;
}

async function submitTicket(deps: TicketDeps, tx: Transaction, actor: Actor, draft: TicketRow, now: Date): Promise<void> {
  assertStep(draft.state, "submit");
  const { asked } = draft;
  if (!isAskable(asked)) throw new Error("what a rule raises is no draft of anybody's");
  const flow = await flowFor(tx, actor.orgId, asked);
  await askableKindOf(asked).assertAskable?.(tx, asked, draft, now);
  const { id: flowId, levels, mayRepeat } = flow;
  const set = { state: "pending" as const, flowId, levels, mayRepeat, level: 0, levelSince: now, submittedAt: now };
  await tx.update(tickets).set(set).where(eq(tickets.id, draft.id));
  const ticket = { ...draft, ...set };
  await recordAudit(tx, {
    kind: "ticket.submitted",
    ...ticketHead(actor, ticket),
    data: { asked: JSON.stringify(asked), flow: flow.name, ...wayOf(actor) },
  });
  if (await needsNobody(tx, actor, flow, asked)) await approve(tx, { actor: null, ip: actor.ip }, ticket, now, deps);
  else await tellDeciders(tx, ticket, now);
}

/** Never of a flow that the person wrote last, or whoever lets another system ask in his name: he would be approving it himself. */
async function needsNobody(tx: Transaction, actor: Actor, { auto, changedBy }: FlowRow, asked: Askable): Promise<boolean> {
  if (auto === null || changedBy === actor.id || (actor.via.kind === "behalf" && changedBy === actor.via.by.id)) return false;
  if (asked.minutes > auto.minutesMax || !askableKindOf(asked).isWithinRule(asked, auto)) return false;
  if (await askableKindOf(asked).needsSignature?.(tx, actor.orgId, asked)) return false;
  return auto.groupIds.length === 0 || isIn(tx, actor, auto.groupIds);
}

async function isIn(tx: Transaction, actor: Actor, groupIds: AutoApproval["groupIds"]): Promise<boolean> {
  const [found] = await tx
    .select({ id: groupMembers.groupId })
    .from(groupMembers)
    .where(and(eq(groupMembers.userId, actor.id), inArray(groupMembers.groupId, groupIds)))
    .limit(1);
  return found !== undefined;
}

// What somebody asked for he takes back; what he got he gives back, or somebody takes it away.
import { newId } from "@sallyport/protocol/ids";
import { eq } from "drizzle-orm";
import { markGrantRevoked } from "../access/manage-grants.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay } from "../identity/actor.ts";
import type { TicketDeps } from "./deps.ts";
import { ticketComments, tickets } from "./schema.ts";
import { tellRequester } from "./tell-of-ticket.ts";
import { ticketHead, wayOf } from "./ticket-head.ts";
import { assertStep } from "./ticket-state.ts";
import { lockTicket } from "./tickets.ts";

/** Nobody is asked any more. @throws HubError `not-found`, `forbidden` for another's, `ticket-state`. */
export async function withdrawTicket(deps: TicketDeps, actor: Actor, id: string): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    if (ticket.requesterId !== actor.id) assertMay(actor, "tickets.manage");
    assertStep(ticket.state, "withdraw");
    await tx.update(tickets).set({ state: "withdrawn", endedAt: now, updatedAt: now }).where(eq(tickets.id, id));
    await recordAudit(tx, { kind: "ticket.withdrawn", ...ticketHead(actor, ticket), data: wayOf(actor) });
  });
  deps.changes.announce(actor.orgId, "tickets", id);
}

/**
 * By whoever got it, or with tickets.manage. What was opened under it, and nothing else allows, has ended by the time this resolves.
 *
 * @throws HubError `not-found`, `forbidden`, `ticket-state`.
 */
export async function endTicket(deps: TicketDeps, actor: Actor, { id, reason }: { id: string; reason: string }): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    if (ticket.requesterId !== actor.id) assertMay(actor, "tickets.manage");
    assertStep(ticket.state, "end");
    if (ticket.grantId !== null) await markGrantRevoked(tx, actor, { id: ticket.grantId, reason }, now);
    await tx.update(tickets).set({ state: "ended", endedAt: now, updatedAt: now }).where(eq(tickets.id, id));
    const why = ticket.requesterId === actor.id ? "given-back" : "taken-away";
    await recordAudit(tx, { kind: "ticket.ended", ...ticketHead(actor, ticket), data: { why, reason, ...wayOf(actor) } });
    if (why === "taken-away") await tellRequester(tx, ticket, "ticket.ended", reason, now);
  });
  await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "tickets", id);
}

/** @throws HubError `not-found`, `ticket-state` for a draft. */
export async function commentTicket(deps: TicketDeps, actor: Actor, { id, text }: { id: string; text: string }): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    assertStep(ticket.state, "comment");
    await tx.insert(ticketComments).values({ id: newId("cmt", now.getTime()), ticketId: id, userId: actor.id, text, at: now });
    await recordAudit(tx, { kind: "ticket.commented", ...ticketHead(actor, ticket), data: { length: text.length } });
  });
  deps.changes.announce(actor.orgId, "tickets", id);
}

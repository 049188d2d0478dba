// Who hears of a ticket: those who may decide it, and whoever asked. In the transaction of what is told.
import { and, desc, eq } from "drizzle-orm";
import { users } from "../identity/schema.ts";
import { notify } from "../notify/notify.ts";
import type { Transaction } from "../platform/database.ts";
import { decidersOf } from "./approvers.ts";
import { type TicketRow, ticketDecisions } from "./schema.ts";

/** Those whom the level that waits means, and who stands in for them. */
export async function tellDeciders(tx: Transaction, ticket: TicketRow, now: Date): Promise<void> {
  const { standing } = await decidersOf(tx, ticket, now);
  const [person] = await tx.select({ name: users.name }).from(users).where(eq(users.id, ticket.requesterId));
  const data = { ticketId: ticket.id, ticket: ticket.title, by: person?.name ?? "", reason: ticket.reason, level: ticket.level };
  await notify(tx, { kind: "ticket.waiting", orgId: ticket.orgId, people: [...standing.keys()], data }, now);
}

export async function tellRequester(
  tx: Transaction,
  { id, orgId, title, requesterId, endsAt }: TicketRow,
  kind: "ticket.approved" | "ticket.rejected" | "ticket.lapsed" | "ticket.ended",
  comment: string,
  now: Date,
): Promise<void> {
  const data = { ticketId: id, ticket: title, comment, endsAt: endsAt?.toISOString() ?? "" };
  await notify(tx, { kind, orgId, people: [requesterId], data }, now);
}

/** Whoever asked, and who approved it last, if anybody did. @param code why it did not begin. */
export async function tellOfNoBegin(
  tx: Transaction,
  { id, orgId, title, requesterId }: TicketRow,
  code: string,
  now: Date,
): Promise<void> {
  const [last] = await tx
    .select({ userId: ticketDecisions.userId })
    .from(ticketDecisions)
    .where(and(eq(ticketDecisions.ticketId, id), eq(ticketDecisions.decision, "approve")))
    .orderBy(desc(ticketDecisions.at))
    .limit(1);
  const people = [requesterId, ...(last === undefined ? [] : [last.userId])];
  await notify(tx, { kind: "ticket.not-begun", orgId, people, data: { ticketId: id, ticket: title, code } }, now);
}

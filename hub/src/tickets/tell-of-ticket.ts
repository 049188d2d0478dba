// Who hears of a ticket: those who may decide it, and whoever asked. In the transaction of what is told.
import { eq } from "drizzle-orm";
import { users } from "../identity/schema.ts";
import { notify } from "../notify/notify.ts";
import type { Transaction } from "../platform/database.ts";
import { decidersOf } from "./approvers.ts";
import type { TicketRow } from "./schema.ts";

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

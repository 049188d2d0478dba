// What an approval does, in the transaction of the last decision: what it gives is there, or the decision is not.
import { and, eq, inArray, isNotNull } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { Actor } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { TicketDeps } from "./deps.ts";
import { assetIdsOf, kindOf } from "./kinds/kinds.ts";
import { type TicketRow, tickets } from "./schema.ts";
import { tellRequester } from "./tell-of-ticket.ts";
import { ticketHead } from "./ticket-head.ts";

/**
 * actor: whose decision was the last; null: the flow's own rule. Returns the grant's id, when a grant is what it gives.
 *
 * @throws HubError `conflict` when an asset is there no more, the person may not sign in any more, or the time asked for is over.
 */
export async function approve(
  tx: Transaction,
  { actor, ip }: { actor: Actor | null; ip: string | null },
  ticket: TicketRow,
  now: Date,
  deps: TicketDeps,
): Promise<string | null> {
  const given = ticket.narrowed ?? ticket.asked;
  await assertStill(tx, ticket, assetIdsOf(given));
  const from = given.startsAt === null ? now : new Date(Math.max(now.getTime(), Date.parse(given.startsAt)));
  const until = new Date((given.startsAt === null ? now.getTime() : Date.parse(given.startsAt)) + given.minutes * 60_000);
  if (until <= from)
    throw new HubError("conflict", "The time that was asked for is over. It can be rejected, and asked for again.");
  const by = actor ?? { id: "hub", name: "hub", orgId: ticket.orgId, ip };
  const grantId = await kindOf(given).give(tx, by, ticket, given, { from, until }, now, deps);
  const set = { state: "approved" as const, grantId, endsAt: until, decidedAt: now, updatedAt: now };
  await tx.update(tickets).set(set).where(eq(tickets.id, ticket.id));
  await recordAudit(tx, {
    kind: "ticket.approved",
    ...ticketHead(actor, ticket),
    data: { grantId: grantId ?? "", approved: JSON.stringify(given), automatic: actor === null },
  });
  await tellRequester(tx, { ...ticket, ...set }, "ticket.approved", "", now);
  return grantId;
}

/** What was there when it was asked for may be gone when it is decided. */
async function assertStill(tx: Transaction, { orgId, requesterId }: TicketRow, assetIds: string[]): Promise<void> {
  const gone = await tx
    .select({ name: assets.name })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), inArray(assets.id, assetIds), isNotNull(assets.retiredAt)));
  if (gone.length > 0) {
    const names = gone.map(({ name }) => name).join(", ");
    throw new HubError("conflict", `No longer there: ${names}. Approve the others without it, or reject the request.`);
  }
  const person = await findMember(tx, orgId, requesterId);
  if (person === null || person.disabledAt !== null)
    throw new HubError(
      "conflict",
      "Whoever asked is no longer an active member of the organisation. The request can only be rejected.",
    );
}

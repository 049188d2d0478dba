// A decision: by whom the level that waits means, or who stands in for him, and by nobody about what he asked for himself.
import { and, eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Actor } from "../identity/actor.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { approve } from "./approve.ts";
import { decidedBefore, decidersOf } from "./approvers.ts";
import { assertLink } from "./decision-links.ts";
import type { TicketDeps } from "./deps.ts";
import type { DecideTicket } from "./input.ts";
import { levelOutcome } from "./level.ts";
import { goesBeyond } from "./narrowing.ts";
import { type TicketRow, ticketDecisions, tickets } from "./schema.ts";
import { tellDeciders, tellRequester } from "./tell-of-ticket.ts";
import { ticketHead, wayOf } from "./ticket-head.ts";
import { assertStep } from "./ticket-state.ts";
import { lockTicket } from "./tickets.ts";

/**
 * With the last approval the access is there when this resolves. Whoever narrows it narrows it for the levels after his own, too.
 *
 * @throws HubError `not-found`; `own-request`; `forbidden` for who is not asked now; `ticket-state` when it is decided; `decided-before`; `wider-than-asked`; `bad-link`; `conflict`
 * when what was asked for cannot be given any more.
 */
export async function decideTicket(deps: TicketDeps, actor: Actor, input: DecideTicket): Promise<void> {
  const { id, decision, comment, link } = input;
  const now = deps.clock.now();
  const grantId = await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    if (isOwn(actor, ticket))
      throw new HubError("own-request", "Nobody decides about his own request. Somebody else who is asked has to.");
    assertStep(ticket.state, "decide");
    if (link !== undefined) assertLink(deps.vault, link, actor, ticket, now);
    const { meant, standing } = await decidersOf(tx, ticket, now);
    const counts = standing.get(actor.id);
    if (counts === undefined) {
      if ((await decidedBefore(tx, ticket)).some((one) => one.id === actor.id))
        throw new HubError("decided-before", "You have decided a level of this request already. Somebody else decides this one.");
      throw new HubError("forbidden", "You are not asked about this request now.");
    }
    const narrowed = narrowing(ticket, input);
    await vote(tx, actor, ticket, { decision, comment, counts, at: now });
    await recordAudit(tx, {
      kind: "ticket.decided",
      ...ticketHead(actor, ticket),
      data: {
        decision,
        level: ticket.level + 1,
        comment,
        narrowed: narrowed === null ? "" : JSON.stringify(narrowed),
        ...wayOf(actor),
        ...(link === undefined ? {} : { via: "link" }),
      },
    });
    const decisions = await tx
      .select()
      .from(ticketDecisions)
      .where(and(eq(ticketDecisions.ticketId, id), eq(ticketDecisions.level, ticket.level)));
    const need = ticket.levels[ticket.level]?.need ?? { kind: "any" as const };
    const present = { ...ticket, narrowed: narrowed ?? ticket.narrowed };
    await tx.update(tickets).set({ narrowed: present.narrowed, updatedAt: now }).where(eq(tickets.id, id));
    return goOn(tx, actor, present, levelOutcome(need, meant, decisions), { comment, now }, deps);
  });
  deps.changes.announce(actor.orgId, "tickets", id);
  if (grantId !== null) deps.changes.announce(actor.orgId, "grants", grantId);
}

/** His own, or that of whoever lets another system decide in his name. */
const isOwn = ({ id, via }: Actor, { requesterId }: TicketRow): boolean =>
  requesterId === id || (via.kind === "behalf" && requesterId === via.by.id);

/** What is left of what was asked for; null when nothing was narrowed. */
function narrowing(ticket: TicketRow, { decision, narrowed }: DecideTicket) {
  if (narrowed === undefined || decision === "reject") return null;
  const beyond = goesBeyond(narrowed, ticket.narrowed ?? ticket.asked);
  if (beyond !== null)
    throw new HubError(
      "wider-than-asked",
      `More than was asked for: ${beyond}. An approver may narrow a request, never widen it.`,
      {
        facts: { field: beyond },
      },
    );
  return narrowed;
}

async function vote(
  tx: Transaction,
  actor: Actor,
  { id, level }: TicketRow,
  given: { decision: DecideTicket["decision"]; comment: string; counts: string[]; at: Date },
): Promise<void> {
  const added = await tx
    .insert(ticketDecisions)
    .values({ ticketId: id, level, userId: actor.id, ...given })
    .onConflictDoNothing()
    .returning({ userId: ticketDecisions.userId });
  if (added.length === 0)
    throw new HubError("decided-before", "You have decided about this already. It waits for somebody else now.");
}

async function goOn(
  tx: Transaction,
  actor: Actor,
  ticket: TicketRow,
  outcome: ReturnType<typeof levelOutcome>,
  { comment, now }: { comment: string; now: Date },
  deps: TicketDeps,
): Promise<string | null> {
  if (outcome === "open") return null;
  if (outcome === "rejected") {
    await tx.update(tickets).set({ state: "rejected", decidedAt: now, updatedAt: now }).where(eq(tickets.id, ticket.id));
    await tellRequester(tx, ticket, "ticket.rejected", comment, now);
    return null;
  }
  const level = ticket.level + 1;
  if (level === ticket.levels.length) return approve(tx, { actor, ip: actor.ip }, ticket, now, deps);
  const set = { level, levelSince: now, escalatedAt: null, updatedAt: now };
  await tx.update(tickets).set(set).where(eq(tickets.id, ticket.id));
  await tellDeciders(tx, { ...ticket, ...set }, now);
  return null;
}

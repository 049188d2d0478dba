// Queries over tickets.
import { and, asc, count, desc, eq, ilike, inArray, lt, or, sql } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { type Actor, may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { cutPage, likeOf } from "../platform/paging.ts";
import { decidersOf, mayBeMeant } from "./approvers.ts";
import type { ListTickets } from "./input.ts";
import { assetIdsOf } from "./kinds/kinds.ts";
import { aboutScript } from "./kinds/script.ts";
import { mayReview } from "./may-review.ts";
import { type DecisionRow, type TicketRow, ticketComments, ticketDecisions, tickets } from "./schema.ts";

export type TicketWithNames = { ticket: TicketRow; requester: string };

/** Of the tickets that wait in an organisation so many are looked at for one's own; an organisation with more has other troubles. */
const lookedAtMax = 2_000;

const withNames = (db: Queryable) =>
  db.select({ ticket: tickets, requester: users.name }).from(tickets).innerJoin(users, eq(users.id, tickets.requesterId));

/** Newest first; the cursor is the last one's id, since ids rise with time. */
export async function listTickets(
  db: Queryable,
  actor: Actor,
  { box, state, search, cursor, limit }: ListTickets,
  now: Date,
): Promise<{ rows: TicketWithNames[]; total: number; nextCursor: string | null }> {
  const pattern = search ? likeOf(search) : null;
  const inBox =
    box === "mine"
      ? eq(tickets.requesterId, actor.id)
      : box === "to-decide"
        ? inArray(tickets.id, await waitingFor(db, actor, now))
        : may(actor, "tickets.read-all")
          ? sql`${tickets.state} <> 'draft'`
          : sql`false`;
  const filter = and(
    eq(tickets.orgId, actor.orgId),
    inBox,
    state === undefined ? undefined : eq(tickets.state, state),
    pattern === null ? undefined : or(ilike(tickets.title, pattern), ilike(users.name, pattern)),
  );
  const [rows, [counted]] = await Promise.all([
    withNames(db)
      .where(and(filter, cursor === undefined ? undefined : lt(tickets.id, cursor)))
      .orderBy(desc(tickets.id))
      .limit(limit + 1),
    db.select({ total: count() }).from(tickets).innerJoin(users, eq(users.id, tickets.requesterId)).where(filter),
  ]);
  return { ...cutPage(rows, limit, ({ ticket }) => ticket.id), total: counted?.total ?? 0 };
}

/** Ids of the tickets that the person may decide now, and has not yet; and of emergencies that are over and that he may review. */
export async function waitingFor(db: Queryable, actor: Actor, now: Date): Promise<string[]> {
  const pending = await db
    .select()
    .from(tickets)
    .where(
      and(
        eq(tickets.orgId, actor.orgId),
        eq(tickets.state, "pending"),
        sql`${tickets.requesterId} <> ${actor.id}`,
        await mayBeMeant(db, actor.orgId, actor.id, now),
      ),
    )
    .orderBy(asc(tickets.id))
    .limit(lookedAtMax);
  const decided = await db
    .select({ ticketId: ticketDecisions.ticketId, level: ticketDecisions.level })
    .from(ticketDecisions)
    .innerJoin(tickets, and(eq(tickets.id, ticketDecisions.ticketId), eq(tickets.level, ticketDecisions.level)))
    .where(and(eq(ticketDecisions.userId, actor.id), eq(tickets.orgId, actor.orgId), eq(tickets.state, "pending")));
  const done = new Set(decided.map(({ ticketId }) => ticketId));
  const toReview = await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.orgId, actor.orgId), eq(tickets.state, "ended"), mayReview(actor)))
    .limit(lookedAtMax);
  const mine = toReview.map(({ id }) => id);
  for (const ticket of pending)
    if (!done.has(ticket.id) && (await decidersOf(db, ticket, now)).standing.has(actor.id)) mine.push(ticket.id);
  return mine;
}

/** One's own, one that one may decide or has decided, or all with tickets.read-all. @throws HubError `not-found`, also for another's draft. */
export async function findTicket(db: Queryable, actor: Actor, id: string, now: Date): Promise<TicketWithNames> {
  const [row] = await withNames(db).where(and(eq(tickets.orgId, actor.orgId), eq(tickets.id, id)));
  if (row === undefined || !(await maySee(db, actor, row.ticket, now))) throw notFound("ticket");
  return row;
}

async function maySee(db: Queryable, actor: Actor, ticket: TicketRow, now: Date): Promise<boolean> {
  if (ticket.requesterId === actor.id) return true;
  if (ticket.state === "draft") return false;
  if (may(actor, "tickets.read-all")) return true;
  if (ticket.decidedAt !== null && ticket.asked.kind === "script" && ticket.asked.runBy === actor.id) return true;
  const [decided] = await db
    .select({ level: ticketDecisions.level })
    .from(ticketDecisions)
    .where(and(eq(ticketDecisions.ticketId, ticket.id), eq(ticketDecisions.userId, actor.id)))
    .limit(1);
  if (decided !== undefined) return true;
  if (ticket.origin === "emergency" && (await db.$count(tickets, and(eq(tickets.id, ticket.id), mayReview(actor)))) > 0)
    return true;
  if (ticket.reviewedBy === actor.id) return true;
  return ticket.state === "pending" && (await decidersOf(db, ticket, now)).standing.has(actor.id);
}

/** Whoever else wants to take a step waits, and then sees this one's. @throws HubError `not-found`. */
export async function lockTicket(tx: Transaction, actor: Actor, id: string, now: Date): Promise<TicketRow> {
  const [ticket] = await tx
    .select()
    .from(tickets)
    .where(and(eq(tickets.orgId, actor.orgId), eq(tickets.id, id)))
    .for("update");
  if (ticket === undefined || !(await maySee(tx, actor, ticket, now))) throw notFound("ticket");
  return ticket;
}

const decisionsOf = (db: Queryable, ticketId: string): Promise<(DecisionRow & { name: string })[]> =>
  db
    .select({ decision: ticketDecisions, name: users.name })
    .from(ticketDecisions)
    .innerJoin(users, eq(users.id, ticketDecisions.userId))
    .where(eq(ticketDecisions.ticketId, ticketId))
    .orderBy(asc(ticketDecisions.at))
    .then((rows) => rows.map(({ decision, name }) => ({ ...decision, name })));

const commentsOf = (db: Queryable, ticketId: string) =>
  db
    .select({
      id: ticketComments.id,
      userId: ticketComments.userId,
      name: users.name,
      text: ticketComments.text,
      at: ticketComments.at,
    })
    .from(ticketComments)
    .innerJoin(users, eq(users.id, ticketComments.userId))
    .where(eq(ticketComments.ticketId, ticketId))
    .orderBy(asc(ticketComments.at), asc(ticketComments.id));

/** Everything about a ticket that its page shows. */
export async function aboutTicket(db: Queryable, { ticket }: TicketWithNames, actor: Actor, now: Date) {
  const { standing } = ticket.state === "pending" ? await decidersOf(db, ticket, now) : { standing: new Map<string, string[]>() };
  const [decisions, comments, named, deciders, script, reviewers, toReview] = await Promise.all([
    decisionsOf(db, ticket.id),
    commentsOf(db, ticket.id),
    db
      .select({ id: assets.id, name: assets.name })
      .from(assets)
      .where(and(eq(assets.orgId, ticket.orgId), inArray(assets.id, assetIdsOf(ticket.asked))))
      .orderBy(asc(assets.name)),
    db
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(inArray(users.id, [...standing.keys()]))
      .orderBy(asc(users.name), asc(users.id)),
    aboutScript(db, ticket, now),
    ticket.reviewedBy === null
      ? []
      : db.select({ id: users.id, name: users.name }).from(users).where(eq(users.id, ticket.reviewedBy)),
    ticket.origin === "emergency" ? db.$count(tickets, and(eq(tickets.id, ticket.id), mayReview(actor))) : 0,
  ]);
  return {
    decisions,
    comments,
    assets: named,
    deciders,
    standing,
    script,
    reviewer: reviewers[0] ?? null,
    mayReview: toReview > 0,
  };
}

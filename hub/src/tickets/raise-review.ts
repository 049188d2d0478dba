// What a rule holds up is put before those whom the rule names, and decided as any request is. Whoever is held up asks for nothing: the rule does.
import { and, count, desc, eq, gt, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import type { Actor } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { decidersOf } from "./approvers.ts";
import type { TicketDeps } from "./deps.ts";
import type { Level, Raised } from "./input.ts";
import { insertTicket } from "./open-ticket.ts";
import { type TicketRow, ticketDecisions, tickets } from "./schema.ts";
import { tellDeciders } from "./tell-of-ticket.ts";
import { ticketHead } from "./ticket-head.ts";
import type { TicketState } from "./ticket-state.ts";

/** Whoever tries again and again asks no more people than this at once. */
const pendingPerPersonMax = 20;

/** deciders: who may decide it now, by name. */
export type Review = { ticketId: string; deciders: string[] };

export type HeldUp = Pick<Actor, "id" | "name" | "orgId" | "ip">;

/**
 * One that waits already for the same is the same one.
 *
 * @throws HubError `too-many`.
 */
export async function raiseReview(
  deps: Pick<TicketDeps, "db" | "clock" | "changes">,
  person: HeldUp,
  { title, reason, asked, level }: { title: string; reason: string; asked: Raised; level: Level },
): Promise<Review> {
  const now = deps.clock.now();
  const review = await deps.db.transaction(async (tx) => {
    // Two windows of one person ask one after the other.
    await tx.select({ id: users.id }).from(users).where(eq(users.id, person.id)).for("update");
    const waiting = await pendingOf(tx, person, asked);
    if (waiting !== undefined) return { ticket: waiting, isNew: false };
    await assertFew(tx, person);
    const draft = await insertTicket(tx, person, { title, reason, references: [], asked, extendsId: null, origin: "rule" }, now);
    const set = { state: "pending" as const, levels: [level], levelSince: now, submittedAt: now };
    await tx.update(tickets).set(set).where(eq(tickets.id, draft.id));
    const ticket = { ...draft, ...set };
    await recordAudit(tx, {
      kind: "ticket.submitted",
      ...ticketHead(null, ticket),
      actor: { id: person.id, name: person.name },
      ip: person.ip,
      data: { asked: JSON.stringify(asked), flow: asked.rule, via: "rule", key: "", by: "" },
    });
    await tellDeciders(tx, ticket, now);
    return { ticket, isNew: true };
  });
  if (review.isNew) deps.changes.announce(person.orgId, "tickets", review.ticket.id);
  return { ticketId: review.ticket.id, deciders: await namesOfDeciders(deps.db, review.ticket, now) };
}

/** What is the same when it is asked for again: all of it but how long. */
const sameAs = (asked: Raised) => {
  const { minutes: _minutes, rule: _name, ...same } = asked;
  return sql`${tickets.asked} @> ${JSON.stringify(same)}::jsonb`;
};

const ofPerson = ({ id, orgId }: Pick<Actor, "id" | "orgId">, asked: Raised) =>
  and(eq(tickets.orgId, orgId), eq(tickets.requesterId, id), eq(tickets.kind, asked.kind), sameAs(asked));

async function pendingOf(db: Queryable, person: Pick<Actor, "id" | "orgId">, asked: Raised): Promise<TicketRow | undefined> {
  const [found] = await db
    .select()
    .from(tickets)
    .where(and(ofPerson(person, asked), eq(tickets.state, "pending")))
    .limit(1);
  return found;
}

/** Has somebody let this through, and does that still hold? */
export async function isLetThrough(
  db: Queryable,
  person: Pick<Actor, "id" | "orgId">,
  asked: Raised,
  now: Date,
): Promise<boolean> {
  const [found] = await db
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(ofPerson(person, asked), eq(tickets.state, "approved"), gt(tickets.endsAt, now)))
    .limit(1);
  return found !== undefined;
}

async function assertFew(tx: Transaction, { id, orgId }: HeldUp): Promise<void> {
  const [waiting] = await tx
    .select({ number: count() })
    .from(tickets)
    .where(and(eq(tickets.orgId, orgId), eq(tickets.requesterId, id), eq(tickets.state, "pending"), eq(tickets.origin, "rule")));
  if ((waiting?.number ?? 0) >= pendingPerPersonMax)
    throw new HubError("too-many", `${pendingPerPersonMax} of your attempts wait for a decision already. Withdraw some first.`, {
      facts: { most: pendingPerPersonMax },
    });
}

async function namesOfDeciders(db: Queryable, ticket: TicketRow, now: Date): Promise<string[]> {
  const { meant } = await decidersOf(db, ticket, now);
  if (meant.length === 0) return [];
  const rows = await db
    .select({ name: users.name })
    .from(users)
    .where(sql`${users.id} = any(${sql.param(meant)}::text[])`)
    .orderBy(users.name);
  return rows.map(({ name }) => name);
}

export type Outcome = { state: TicketState; rule: string; deciders: string[]; comment: string };

/** What became of it; withdrawn for one that is there no more. comment: of whoever decided last. */
export async function outcomeOf({ db, clock }: Pick<TicketDeps, "db" | "clock">, id: string): Promise<Outcome> {
  const [ticket] = await db.select().from(tickets).where(eq(tickets.id, id));
  if (ticket === undefined) return { state: "withdrawn", rule: "", deciders: [], comment: "" };
  const [last] = await db
    .select({ comment: ticketDecisions.comment })
    .from(ticketDecisions)
    .where(eq(ticketDecisions.ticketId, id))
    .orderBy(desc(ticketDecisions.at))
    .limit(1);
  return {
    state: ticket.state,
    rule: "rule" in ticket.asked ? ticket.asked.rule : "",
    deciders: ticket.state === "pending" ? await namesOfDeciders(db, ticket, clock.now()) : [],
    comment: last?.comment ?? "",
  };
}

/** Whoever was held up waits no longer: he gave it up, or what he was doing is over. Deciding it afterwards is refused; withdrawing it twice is nothing. */
export async function withdrawReview(
  { db, clock, changes }: Pick<TicketDeps, "db" | "clock" | "changes">,
  id: string,
): Promise<void> {
  const now = clock.now();
  const withdrawn = await db.transaction(async (tx) => {
    const [ticket] = await tx.select().from(tickets).where(eq(tickets.id, id)).for("update");
    if (ticket?.state !== "pending") return null;
    await tx.update(tickets).set({ state: "withdrawn", endedAt: now, updatedAt: now }).where(eq(tickets.id, id));
    await recordAudit(tx, { kind: "ticket.withdrawn", ...ticketHead(null, ticket), data: { via: "", key: "", by: "" } });
    return ticket;
  });
  if (withdrawn !== null) changes.announce(withdrawn.orgId, "tickets", id);
}

/** The rule is there no more, or holds nobody up: whoever waits for it tries again. */
export async function withdrawReviewsOf(
  deps: Pick<TicketDeps, "db" | "clock" | "changes">,
  orgId: string,
  ruleId: string,
): Promise<void> {
  const left = await deps.db
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.orgId, orgId), eq(tickets.state, "pending"), sql`${tickets.asked}->>'ruleId' = ${ruleId}`));
  for (const { id } of left) await withdrawReview(deps, id);
}

/** When the hub starts: lines wait in the memory of the process that is gone. Whoever still means one presses Enter again. */
export async function withdrawLeftLines(deps: Pick<TicketDeps, "db" | "clock" | "changes">): Promise<void> {
  const left = await deps.db
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.state, "pending"), eq(tickets.kind, "command")));
  for (const { id } of left) await withdrawReview(deps, id);
}

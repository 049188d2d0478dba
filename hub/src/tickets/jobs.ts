// What becomes of tickets by time alone.
import { and, eq, lte, or, sql } from "drizzle-orm";
import { grants } from "../access/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { TicketDeps } from "./deps.ts";
import { type TicketRow, tickets } from "./schema.ts";
import { tellDeciders, tellRequester } from "./tell-of-ticket.ts";
import { ticketHead } from "./ticket-head.ts";

/** At once; the rest is looked at next time. */
const lookedAtOnce = 500;

/**
 * Every five seconds: what was approved has ended with its time, or with its grant, whoever withdrew that. The grant itself needs no help: it holds no
 * longer than it says. This is for the record.
 */
export async function endTickets(deps: TicketDeps): Promise<void> {
  const now = deps.clock.now();
  const over = await deps.db
    .select({ ticket: tickets, revokedAt: grants.revokedAt })
    .from(tickets)
    .leftJoin(grants, eq(grants.id, tickets.grantId))
    .where(and(eq(tickets.state, "approved"), or(lte(tickets.endsAt, now), sql`${grants.revokedAt} is not null`)))
    .limit(lookedAtOnce);
  for (const { ticket, revokedAt } of over)
    await step(deps, ticket, async (tx) => {
      await tx
        .update(tickets)
        .set({ state: "ended", endedAt: revokedAt ?? ticket.endsAt, updatedAt: now })
        .where(eq(tickets.id, ticket.id));
      const why = revokedAt === null ? "expired" : "taken-away";
      await recordAudit(tx, {
        kind: "ticket.ended",
        ...ticketHead(null, ticket),
        data: { why, reason: "", via: "", key: "", by: "" },
      });
    });
}

/** Every five seconds: a level that nobody has decided in its time goes to those it escalates to; where there are none, or their time is over too, the ticket lapses. */
export async function escalateTickets(deps: TicketDeps): Promise<void> {
  const now = deps.clock.now();
  const late = await deps.db
    .select()
    .from(tickets)
    .where(
      and(
        eq(tickets.state, "pending"),
        sql`coalesce(${tickets.escalatedAt}, ${tickets.levelSince})
          + make_interval(mins => (${tickets.levels}->${tickets.level}->>'minutes')::int) <= ${now.toISOString()}::timestamptz`,
      ),
    )
    .limit(lookedAtOnce);
  for (const ticket of late)
    await step(deps, ticket, async (tx) => {
      const level = ticket.level + 1;
      if (ticket.escalatedAt === null && (ticket.levels[ticket.level]?.escalateTo.length ?? 0) > 0) {
        await tx.update(tickets).set({ escalatedAt: now, updatedAt: now }).where(eq(tickets.id, ticket.id));
        await recordAudit(tx, { kind: "ticket.escalated", ...ticketHead(null, ticket), data: { level } });
        await tellDeciders(tx, { ...ticket, escalatedAt: now }, now);
        return;
      }
      await tx.update(tickets).set({ state: "lapsed", endedAt: now, updatedAt: now }).where(eq(tickets.id, ticket.id));
      await recordAudit(tx, { kind: "ticket.lapsed", ...ticketHead(null, ticket), data: { level } });
      await tellRequester(tx, ticket, "ticket.lapsed", "", now);
    });
}

type Work = (tx: Parameters<Parameters<TicketDeps["db"]["transaction"]>[0]>[0]) => Promise<void>;

/** With the row locked and as it was when it was looked for; somebody else's step in between wins. */
async function step({ db, changes }: TicketDeps, { id, orgId, state, level, escalatedAt }: TicketRow, work: Work): Promise<void> {
  const done = await db.transaction(async (tx) => {
    const [now] = await tx.select().from(tickets).where(eq(tickets.id, id)).for("update");
    if (now?.state !== state || now.level !== level || now.escalatedAt?.getTime() !== escalatedAt?.getTime()) return false;
    await work(tx);
    return true;
  });
  if (done) changes.announce(orgId, "tickets", id);
}

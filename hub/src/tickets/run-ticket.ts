// An approved script runs: by whoever asked, by whom the request names, or by itself when its time comes. Just that, and as often as was approved.
import { and, eq, isNull, lte, sql } from "drizzle-orm";
import { authorizeAll } from "../access/authorize-all.ts";
import { grants } from "../access/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { boundOf } from "../automation/approval.ts";
import { insertRun } from "../automation/create-run.ts";
import { runs } from "../automation/schema.ts";
import { type Released, tellAgents } from "../automation/tell-agents.ts";
import type { Actor } from "../identity/actor.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { TicketDeps } from "./deps.ts";
import type { RunTicket } from "./input.ts";
import { asRequester, boundScript } from "./kinds/script.ts";
import { type TicketRow, tickets } from "./schema.ts";
import { tellOfNoBegin } from "./tell-of-ticket.ts";
import { ticketHead } from "./ticket-head.ts";
import { assertStep } from "./ticket-state.ts";
import { lockTicket } from "./tickets.ts";

/** As long as an execution waits for its host, if the time that was approved is not over before. */
const expirySecondsMax = 3_600;
/** At once; the rest is looked at next time. */
const begunAtOnce = 100;

/**
 * Returns the run's id. The row is locked, so that a hundred at once are as many runs as were approved.
 *
 * @throws HubError `not-found`; `forbidden` for who is not to run it; `ticket-state` before and after; `approval-over` when it ran as often as was
 *   approved; `approval-does-not-fit` when the same would do something else by now; `no-grant` out of its time; as insertRun().
 */
export async function runTicket(deps: TicketDeps, actor: Actor, { id, assetIds }: RunTicket): Promise<string> {
  const now = deps.clock.now();
  const made = await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    const given = ticket.narrowed ?? ticket.asked;
    if (given.kind !== "script") throw new HubError("bad-input", "This request is not about a script.");
    if (ticket.requesterId !== actor.id && given.runBy !== actor.id)
      throw new HubError("forbidden", "It is run by whoever asked for it, or by whom the request names.");
    assertStep(ticket.state, "run");
    return begin(deps, tx, actor, ticket, assetIds ?? given.assetIds, false);
  });
  await tell(deps, id, actor.orgId, made);
  return made.id;
}

/** Every five seconds: what was to begin by itself does, in the name of whoever asked; tried once. What stood against it is on record and on the ticket, and told. */
export async function beginTickets(deps: TicketDeps): Promise<void> {
  const now = deps.clock.now();
  const due = await deps.db
    .select({ id: tickets.id })
    .from(tickets)
    .innerJoin(grants, eq(grants.id, tickets.grantId))
    .where(
      and(
        eq(tickets.state, "approved"),
        eq(tickets.kind, "script"),
        isNull(tickets.begunAt),
        lte(grants.startsAt, now),
        sql`(coalesce(${tickets.narrowed}, ${tickets.asked})->>'automatic')::boolean`,
      ),
    )
    .limit(begunAtOnce);
  const failed: TicketRow[] = [];
  for (const { id } of due) {
    const made = await deps.db.transaction(async (tx) => {
      const [ticket] = await tx.select().from(tickets).where(eq(tickets.id, id)).for("update");
      if (ticket?.state !== "approved" || ticket.begunAt !== null) return null;
      await tx.update(tickets).set({ begunAt: now }).where(eq(tickets.id, id));
      const given = ticket.narrowed ?? ticket.asked;
      try {
        // What was written before it failed goes, and that it was tried stays.
        const begun = await tx.transaction(async (inner) =>
          begin(deps, inner, await asRequester(inner, ticket, now), ticket, given.kind === "script" ? given.assetIds : [], true),
        );
        return { ...begun, orgId: ticket.orgId };
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        const { code, facts } = error;
        await tx.update(tickets).set({ notBegun: { code, facts }, updatedAt: now }).where(eq(tickets.id, id));
        await recordAudit(tx, { kind: "ticket.not-begun", ...ticketHead(null, ticket), data: { code } });
        await tellOfNoBegin(tx, ticket, code, now);
        failed.push(ticket);
        return null;
      }
    });
    if (made !== null) await tell(deps, id, made.orgId, made);
  }
  for (const { id, orgId } of failed) deps.changes.announce(orgId, "tickets", id);
}

async function begin(
  deps: TicketDeps,
  tx: Transaction,
  actor: Actor,
  ticket: TicketRow,
  assetIds: readonly string[],
  automatic: boolean,
): Promise<{ id: string; released: Released[] }> {
  const now = deps.clock.now();
  const given = ticket.narrowed ?? ticket.asked;
  if (given.kind !== "script" || ticket.approval === null || ticket.grantId === null)
    throw new HubError("approval-missing", "There is no approval to run this under.");
  const before = await tx.$count(runs, eq(runs.ticketId, ticket.id));
  if (before >= given.runs)
    throw new HubError("approval-over", `It was approved for ${given.runs} runs, and all of them have begun. Ask again.`, {
      facts: { runs: given.runs },
    });
  const script = await boundScript(tx, await asRequester(tx, ticket, now), given);
  const bound = boundOf(script);
  const [grant] = await tx.select({ bound: grants.bound }).from(grants).where(eq(grants.id, ticket.grantId));
  if (grant?.bound !== bound)
    throw new HubError(
      "approval-does-not-fit",
      "It would not do what was approved: something that its parameters name has changed since. Ask again.",
    );
  const { allowed, refused } = await authorizeAll(tx, actor, assetIds, "run", given.account, now, bound);
  const [first] = refused;
  if (first !== undefined) throw first.why;
  const leftSeconds = Math.floor(((ticket.endsAt?.getTime() ?? 0) - now.getTime()) / 1_000);
  const run = {
    ...script,
    title: ticket.title,
    trigger: "ticket" as const,
    taskId: null,
    expirySeconds: Math.max(1, Math.min(expirySecondsMax, leftSeconds)),
    rolling: null,
    refused: [],
    approved: { ticketId: ticket.id, bound, approval: ticket.approval },
  };
  const made = await insertRun(deps.automation, tx, actor, run, allowed);
  await recordAudit(tx, {
    kind: "ticket.run-begun",
    ...ticketHead(actor, ticket),
    data: { runId: made.id, run: before + 1, of: given.runs, automatic },
  });
  return made;
}

async function tell(
  deps: TicketDeps,
  ticketId: string,
  orgId: string,
  { id, released }: { id: string; released: Released[] },
): Promise<void> {
  await tellAgents(deps.automation, released);
  deps.changes.announce(orgId, "runs", id);
  deps.changes.announce(orgId, "tickets", ticketId);
}

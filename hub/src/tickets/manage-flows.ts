// Flows are written, changed and removed; who stands in for whom is said. What was submitted before keeps the levels that it had.
import { newId } from "@sallyport/protocol/ids";
import { and, eq } from "drizzle-orm";
import { assertEnds } from "../access/manage-grants.ts";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { TicketDeps } from "./deps.ts";
import type { ChangeFlow, CreateFlow } from "./input.ts";
import { type FlowRow, substitutes, ticketFlows } from "./schema.ts";

/** More than these nobody oversees. */
const flowsMax = 100;

/** @throws HubError `too-many`, `not-found` for somebody or something that it names and the organisation has not. */
export async function createFlow(deps: TicketDeps, actor: Actor, input: CreateFlow): Promise<string> {
  assertMay(actor, "tickets.manage");
  const now = deps.clock.now();
  const id = newId("flw", now.getTime());
  await deps.db.transaction(async (tx) => {
    if ((await tx.$count(ticketFlows, eq(ticketFlows.orgId, actor.orgId))) >= flowsMax)
      throw new HubError("too-many", `An organisation has at most ${flowsMax} flows. Remove one that is no longer needed.`);
    await assertNamed(tx, actor.orgId, input);
    await tx
      .insert(ticketFlows)
      .values({ id, orgId: actor.orgId, ...input, changedBy: actor.id, createdAt: now, updatedAt: now });
    await recordAudit(tx, {
      kind: "ticket-flow.created",
      ...head(actor, { id, name: input.name }),
      data: { flow: JSON.stringify(input) },
    });
  });
  deps.changes.announce(actor.orgId, "tickets");
  return id;
}

/** All of it: a flow is read as one thing. @throws HubError `not-found`. */
export async function changeFlow(deps: TicketDeps, actor: Actor, { id, ...input }: ChangeFlow): Promise<void> {
  assertMay(actor, "tickets.manage");
  await deps.db.transaction(async (tx) => {
    const flow = await lockFlow(tx, actor, id);
    await assertNamed(tx, actor.orgId, input);
    await tx
      .update(ticketFlows)
      .set({ ...input, changedBy: actor.id, updatedAt: deps.clock.now() })
      .where(eq(ticketFlows.id, id));
    await recordAudit(tx, { kind: "ticket-flow.changed", ...head(actor, flow), data: changesOf(flow, input) });
  });
  deps.changes.announce(actor.orgId, "tickets");
}

/** @throws HubError `not-found`. */
export async function removeFlow(deps: TicketDeps, actor: Actor, id: string): Promise<void> {
  assertMay(actor, "tickets.manage");
  await deps.db.transaction(async (tx) => {
    const flow = await lockFlow(tx, actor, id);
    await tx.delete(ticketFlows).where(eq(ticketFlows.id, id));
    await recordAudit(tx, { kind: "ticket-flow.removed", ...head(actor, flow), data: {} });
  });
  deps.changes.announce(actor.orgId, "tickets");
}

/** One's own, from and until; null: nobody. @throws HubError `not-found` for somebody who is no member, `bad-input` for oneself. */
export async function setSubstitute(
  { db }: TicketDeps,
  actor: Actor,
  substitute: { id: string; from: string; until: string } | null,
): Promise<void> {
  if (substitute?.id === actor.id) throw new HubError("bad-input", "Name somebody else: nobody stands in for himself.");
  await db.transaction(async (tx) => {
    await tx.delete(substitutes).where(eq(substitutes.userId, actor.id));
    if (substitute !== null) {
      if ((await findMember(tx, actor.orgId, substitute.id)) === null) throw notFound("person");
      const { id: substituteId, from, until } = substitute;
      await tx
        .insert(substitutes)
        .values({ userId: actor.id, orgId: actor.orgId, substituteId, from: new Date(from), until: new Date(until) });
    }
    await recordAudit(tx, {
      kind: "person.substitute-set",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: { substituteId: substitute?.id ?? "", from: substitute?.from ?? "", until: substitute?.until ?? "" },
    });
  });
}

/** Whoever and whatever it names is of the organisation. @throws HubError `not-found`. */
function assertNamed(tx: Transaction, orgId: string, { match, levels, auto }: CreateFlow): Promise<void> {
  const people = levels.flatMap(({ approvers, escalateTo }) => [...approvers, ...escalateTo]);
  return assertEnds(tx, orgId, {
    subjects: [
      ...people.flatMap((one) => ("id" in one ? [one] : [])),
      ...(auto?.groupIds ?? []).map((id) => ({ kind: "group" as const, id })),
    ],
    targets: match.targets,
  });
}

async function lockFlow(tx: Transaction, actor: Actor, id: string): Promise<FlowRow> {
  const [flow] = await tx
    .select()
    .from(ticketFlows)
    .where(and(eq(ticketFlows.orgId, actor.orgId), eq(ticketFlows.id, id)))
    .for("update");
  if (flow === undefined) throw notFound("flow");
  return flow;
}

const head = (actor: Actor, { id, name }: { id: string; name: string }) => ({
  orgId: actor.orgId,
  actor: auditActor(actor),
  subject: { kind: "ticket-flow" as const, id, name },
  ip: actor.ip,
});

// In an emergency somebody takes access at once, and nobody is asked: his right to it, a reason, a second factor shown just now, and a short time are what
// stands before it. Everybody concerned hears of it while it happens, and somebody else looks at it afterwards.
import { and, eq, gt, inArray, isNull } from "drizzle-orm";
import { grants } from "../access/schema.ts";
import { assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, assertMay, auditActor } from "../identity/actor.ts";
import { freshMfa } from "../identity/fresh-mfa.ts";
import { users } from "../identity/schema.ts";
import { notify } from "../notify/notify.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { approve } from "./approve.ts";
import type { TicketDeps } from "./deps.ts";
import type { BreakGlass } from "./input.ts";
import { assetIdsOf } from "./kinds/kinds.ts";
import { mayReview } from "./may-review.ts";
import { insertTicket } from "./open-ticket.ts";
import { breakGlassRules, type TicketRow, tickets } from "./schema.ts";
import { ticketHead } from "./ticket-head.ts";
import { assertStep } from "./ticket-state.ts";
import { lockTicket } from "./tickets.ts";

/** Of an organisation that has chosen nothing: what is not repaired within an hour is worth asking for. */
const minutesAtFirst = 60;

/** Minutes that access taken so lasts at most. */
export async function breakGlassMinutes(db: Queryable, orgId: string): Promise<number> {
  const [row] = await db.select().from(breakGlassRules).where(eq(breakGlassRules.orgId, orgId));
  return row?.minutesMax ?? minutesAtFirst;
}

/** @throws HubError `forbidden`, `confirm-first`. */
export async function setBreakGlassRules({ db, clock }: TicketDeps, actor: Actor, minutesMax: number): Promise<void> {
  assertMay(actor, "settings.manage");
  freshMfa(actor, clock.now());
  await db.transaction(async (tx) => {
    const before = await breakGlassMinutes(tx, actor.orgId);
    await tx
      .insert(breakGlassRules)
      .values({ orgId: actor.orgId, minutesMax })
      .onConflictDoUpdate({ target: breakGlassRules.orgId, set: { minutesMax } });
    await recordAudit(tx, {
      kind: "break-glass.rules-changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: null,
      ip: actor.ip,
      data: { before, after: minutesMax },
    });
  });
}

/**
 * The access is there when it resolves.
 *
 * @throws HubError `forbidden`; `confirm-first` without a factor shown just now, and for every access key; `not-found` for an asset; `bad-input` for longer
 * than the organisation allows.
 */
export async function breakGlass(deps: TicketDeps, actor: Actor, input: BreakGlass): Promise<string> {
  assertMay(actor, "access.break-glass");
  const now = deps.clock.now();
  freshMfa(actor, now);
  const { reason, minutes, ...what } = input;
  const opened = await deps.db.transaction(async (tx) => {
    const most = await breakGlassMinutes(tx, actor.orgId);
    if (minutes > most)
      throw new HubError("bad-input", `Your organisation allows ${most} minutes. Take less, and ask for more meanwhile.`, {
        facts: { fields: "minutes" },
      });
    const named = await findAssets(tx, actor.orgId, what.assetIds);
    const names = named.map(({ name }) => name).join(", ");
    const asked = { kind: "server" as const, ...what, protocols: ["@all" as const], startsAt: null, minutes };
    const fields = { title: names.slice(0, 100), reason, references: [], asked, extendsId: null, origin: "emergency" as const };
    const ticket = { ...(await insertTicket(tx, actor, fields, now)), submittedAt: now };
    await tx.update(tickets).set({ submittedAt: now }).where(eq(tickets.id, ticket.id));
    await recordAudit(tx, {
      kind: "access.break-glass-opened",
      ...ticketHead(actor, ticket),
      data: { assets: names, accounts: what.accounts.join(", "), actions: what.actions.join(", "), reason, minutes },
    });
    const grantId = await approve(tx, { actor, ip: actor.ip }, ticket, now, deps);
    if (grantId !== null) await tx.update(grants).set({ emergency: true }).where(eq(grants.id, grantId));
    await tellEverybody(tx, actor, ticket, { names, owners: named.flatMap(({ ownerId }) => ownerId ?? []) }, now);
    return { id: ticket.id, grantId };
  });
  deps.changes.announce(actor.orgId, "tickets", opened.id);
  if (opened.grantId !== null) deps.changes.announce(actor.orgId, "grants", opened.grantId);
  return opened.id;
}

async function findAssets(tx: Transaction, orgId: string, ids: string[]) {
  const wanted = [...new Set(ids)];
  const found = await tx
    .select({ id: assets.id, name: assets.name, ownerId: assets.ownerId })
    .from(assets)
    .where(and(eq(assets.orgId, orgId), inArray(assets.id, wanted), isNull(assets.retiredAt)));
  if (found.length < wanted.length) throw notFound("asset");
  return found;
}

/** The assets' owners, the person's manager, and whoever manages requests (see notify/notices.ts). */
async function tellEverybody(
  tx: Transaction,
  actor: Actor,
  { id, reason, asked }: TicketRow,
  { names, owners }: { names: string; owners: string[] },
  now: Date,
): Promise<void> {
  const [person] = await tx.select({ managerId: users.managerId }).from(users).where(eq(users.id, actor.id));
  const people = [...new Set([...owners, ...(person?.managerId == null ? [] : [person.managerId])])];
  const endsAt = new Date(now.getTime() + asked.minutes * 60_000).toISOString();
  const data = { ticketId: id, by: actor.name, assets: names, reason, endsAt };
  await notify(tx, { kind: "access.break-glass", orgId: actor.orgId, people, data }, now);
}

/** Says what was found. @throws HubError `own-request`; `not-found`; `forbidden`; `ticket-state` while it lasts, and when somebody was faster. */
export async function reviewTicket(
  deps: TicketDeps,
  actor: Actor,
  { id, findings }: { id: string; findings: string },
): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const ticket = await lockTicket(tx, actor, id, now);
    if (ticket.requesterId === actor.id)
      throw new HubError("own-request", "Nobody reviews what he took himself. Somebody else has to.");
    if (ticket.origin !== "emergency" || ticket.reviewedAt !== null)
      throw new HubError("ticket-state", "Nothing of this ticket waits for a review.", { facts: { state: ticket.state } });
    assertStep(ticket.state, "review");
    if ((await tx.$count(tickets, and(eq(tickets.id, id), mayReview(actor)))) === 0)
      throw new HubError("forbidden", "You are not concerned: neither its assets nor its person are yours.");
    await tx.update(tickets).set({ reviewedBy: actor.id, reviewedAt: now, findings, updatedAt: now }).where(eq(tickets.id, id));
    await recordAudit(tx, { kind: "access.break-glass-reviewed", ...ticketHead(actor, ticket), data: { findings } });
  });
  deps.changes.announce(actor.orgId, "tickets", id);
}

/** Has the person taken this asset, and holds it now? */
export const holdsEmergency = async (
  db: Queryable,
  person: Pick<Actor, "id" | "orgId">,
  assetId: string,
  now: Date,
): Promise<boolean> => (await heldNow(db, person, now)).some(({ asked }) => assetIdsOf(asked).includes(assetId));

/** What the person has taken and holds now. */
export const heldNow = (db: Queryable, actor: Pick<Actor, "id" | "orgId">, now: Date) =>
  db
    .select()
    .from(tickets)
    .where(
      and(
        eq(tickets.orgId, actor.orgId),
        eq(tickets.requesterId, actor.id),
        eq(tickets.origin, "emergency"),
        eq(tickets.state, "approved"),
        gt(tickets.endsAt, now),
      ),
    );

// The link in the mail to somebody who may decide. It says which decision is meant and who was asked; whoever opens it still has to sign in as that
// person, and what uses it up is the decision, never the opening: mail scanners open links, too.
//
// Nothing is kept of it. What it says is sealed with the hub's key, so that nobody else can make one, and it is used up when its person has decided
// that level, by whatever way.
import { eq } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import { organisations, users } from "../identity/schema.ts";
import type { NoticeRow } from "../notify/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import { type SealedPlace, type Vault, VaultError } from "../platform/vault.ts";
import { decidersOf } from "./approvers.ts";
import type { TicketDeps } from "./deps.ts";
import { type TicketRow, ticketDecisions, tickets } from "./schema.ts";

/** From the notice on. Over a week-end; who comes later finds the request in the console. */
const linkForMs = 3 * 86_400_000;

/** level: from 0. */
type LinkClaims = { orgId: string; ticketId: string; level: number; userId: string; expiresAt: Date };

/** Where a link leads whoever opens it. */
export type LinkStanding =
  /** He is asked, and has not decided. */
  | "open"
  /** He has decided this level. */
  | "used"
  /** Others have, or it was withdrawn, or lapsed. */
  | "decided"
  /** He is not asked any more: he has left the group, say. */
  | "not-asked"
  | "expired";

const place: SealedPlace = { orgId: "", table: "tickets", row: "", field: "decision-link", version: 1 };

function makeLink(vault: Vault, { orgId, ticketId, level, userId, expiresAt }: LinkClaims): string {
  const said = [orgId, ticketId, level, userId, expiresAt.getTime()].join(" ");
  return vault.seal(Buffer.from(said), place).toString("base64url");
}

/** @throws HubError `bad-link` for one that this hub has not made, or not so. */
function readLink(vault: Vault, link: string): LinkClaims {
  try {
    const [orgId = "", ticketId = "", level, userId = "", until] = vault
      .open(Buffer.from(link, "base64url"), place)
      .toString()
      .split(" ");
    return { orgId, ticketId, level: Number(level), userId, expiresAt: new Date(Number(until)) };
  } catch (error) {
    if (error instanceof VaultError) throw badLink("altered");
    throw error;
  }
}

/**
 * Of a decision that came by a link: it is for this person and this level, and in time.
 *
 * @throws HubError `bad-link` with `facts.why`: `altered`, `another`, `level` or `expired`.
 */
export function assertLink(vault: Vault, link: string, actor: Actor, { id, level }: TicketRow, now: Date): void {
  const claims = readLink(vault, link);
  if (claims.userId !== actor.id || claims.ticketId !== id) throw badLink("another");
  if (claims.level !== level) throw badLink("level");
  if (claims.expiresAt <= now) throw badLink("expired");
}

const badLink = (why: "altered" | "another" | "level" | "expired"): HubError =>
  new HubError("bad-link", "This link is not complete, is somebody else's, or its time is over. The request is in your inbox.", {
    facts: { why },
  });

export type LookedAt = {
  claims: LinkClaims;
  standing: LinkStanding;
  organisation: string;
  /** What the mail said already; null once nothing is to be decided by it. */
  ticket: (TicketRow & { requester: string }) | null;
};

/** Looks, and uses nothing up. @throws HubError `bad-link`. */
export async function lookAtLink({ db, clock, vault }: TicketDeps, link: string): Promise<LookedAt> {
  const claims = readLink(vault, link);
  const now = clock.now();
  const [row] = await db
    .select({ ticket: tickets, requester: users.name })
    .from(tickets)
    .innerJoin(users, eq(users.id, tickets.requesterId))
    .where(eq(tickets.id, claims.ticketId));
  const [organisation] = await db
    .select({ name: organisations.name })
    .from(organisations)
    .where(eq(organisations.id, claims.orgId));
  const standing = row === undefined ? "decided" : await standingOf(db, row.ticket, claims, now);
  const shown = standing === "open" && row !== undefined ? { ...row.ticket, requester: row.requester } : null;
  return { claims, standing, organisation: organisation?.name ?? "", ticket: shown };
}

async function standingOf(db: Queryable, ticket: TicketRow, claims: LinkClaims, now: Date): Promise<LinkStanding> {
  const decisions = await db
    .select({ userId: ticketDecisions.userId, level: ticketDecisions.level })
    .from(ticketDecisions)
    .where(eq(ticketDecisions.ticketId, ticket.id));
  if (decisions.some(({ userId, level }) => userId === claims.userId && level === claims.level)) return "used";
  if (ticket.state !== "pending" || ticket.level !== claims.level) return "decided";
  if (claims.expiresAt <= now) return "expired";
  return (await decidersOf(db, ticket, now)).standing.has(claims.userId) ? "open" : "not-asked";
}

/** Where a mail leads whoever is asked to decide, and is told by this notice; null for a notice of anything else. */
export function linkInMail(
  vault: Vault,
  { kind, data, orgId, at }: NoticeRow,
  userId: string,
): { path: string; until: Date } | null {
  if (kind !== "ticket.waiting" || !("level" in data)) return null;
  // From when the person was told: a mail that leaves late has no longer time.
  const expiresAt = new Date(at.getTime() + linkForMs);
  const link = makeLink(vault, { orgId, ticketId: data.ticketId, level: data.level, userId, expiresAt });
  return { path: `/decide?link=${link}`, until: expiresAt };
}

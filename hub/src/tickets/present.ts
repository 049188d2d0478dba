// Tickets and flows as the console and the API see them.
import type { Actor } from "../identity/actor.ts";
import { may } from "../identity/actor.ts";
import type { Deciders } from "./approvers.ts";
import type { LookedAt } from "./decision-links.ts";
import { isAskable } from "./kinds/kinds.ts";
import type { aboutScript } from "./kinds/script.ts";
import type { DecisionRow, FlowRow, TicketRow } from "./schema.ts";
import { mayStep } from "./ticket-state.ts";
import type { TicketWithNames } from "./tickets.ts";

export const presentTicket = ({ ticket, requester }: TicketWithNames) => ({
  id: ticket.id,
  kind: ticket.kind,
  title: ticket.title,
  state: ticket.state,
  origin: ticket.origin,
  /** Of an emergency: does it still wait for somebody to look at it? */
  review:
    ticket.origin !== "emergency"
      ? ("none" as const)
      : ticket.reviewedAt === null
        ? ("to-be-reviewed" as const)
        : ("reviewed" as const),
  requester: { id: ticket.requesterId, name: requester },
  level: ticket.level + 1,
  levels: ticket.levels.length,
  endsAt: ticket.endsAt?.toISOString() ?? null,
  endedAt: ticket.endedAt?.toISOString() ?? null,
  createdAt: ticket.createdAt.toISOString(),
  submittedAt: ticket.submittedAt?.toISOString() ?? null,
  decidedAt: ticket.decidedAt?.toISOString() ?? null,
});

/** viewer: who is signed in where the link was opened. Only its own person is told which request it is. */
export const presentLink = ({ claims, standing, organisation, ticket }: LookedAt, viewer: Pick<Actor, "id" | "orgId"> | null) => {
  const isYours = viewer?.id === claims.userId;
  return {
    standing,
    viewer: viewer === null ? ("nobody" as const) : isYours ? ("yours" as const) : ("another" as const),
    organisation: { id: claims.orgId, name: organisation, isHere: viewer?.orgId === claims.orgId },
    ticketId: isYours ? claims.ticketId : null,
    expiresAt: claims.expiresAt.toISOString(),
    ticket:
      ticket === null
        ? null
        : {
            title: ticket.title,
            requester: ticket.requester,
            reason: ticket.reason,
            level: ticket.level + 1,
            levels: ticket.levels.length,
          },
  };
};

type Comment = { id: string; userId: string; name: string; text: string; at: Date };
type About = {
  decisions: (DecisionRow & { name: string })[];
  comments: Comment[];
  assets: { id: string; name: string }[];
  deciders: { id: string; name: string }[];
  standing: Deciders["standing"];
  script: Awaited<ReturnType<typeof aboutScript>>;
  reviewer: { id: string; name: string } | null;
  /** Does it wait for a review that this person may make? */
  mayReview: boolean;
};

/** Until when the level waits, and what then becomes of it (see jobs.ts); null: for as long as it takes. */
function waitsUntil({ state, levels, level, levelSince, escalatedAt }: TicketRow) {
  const { minutes = null, escalateTo = [] } = levels[level] ?? {};
  const since = escalatedAt ?? levelSince;
  if (state !== "pending" || minutes === null || since === null) return null;
  const next = escalatedAt === null && escalateTo.length > 0 ? ("escalates" as const) : ("lapses" as const);
  return { at: new Date(since.getTime() + minutes * 60_000).toISOString(), next };
}

/** `may`: what the person who looks may do with it now. */
export const presentFullTicket = (row: TicketWithNames, about: About, actor: Actor) => {
  const { ticket } = row;
  const own = ticket.requesterId === actor.id;
  const given = ticket.narrowed ?? ticket.asked;
  const decided = about.decisions.some(({ userId, level }) => userId === actor.id && level === ticket.level);
  return {
    ...presentTicket(row),
    reason: ticket.reason,
    references: ticket.references,
    asked: ticket.asked,
    narrowed: ticket.narrowed,
    assets: about.assets,
    script: about.script,
    grantId: ticket.grantId,
    extendsId: ticket.extendsId,
    escalated: ticket.escalatedAt !== null,
    waitsUntil: waitsUntil(ticket),
    reviewed:
      about.reviewer === null
        ? null
        : { by: about.reviewer, findings: ticket.findings ?? "", at: (ticket.reviewedAt ?? ticket.updatedAt).toISOString() },
    deciders: about.deciders,
    decisions: about.decisions.map(({ level, userId, name, decision, comment, at }) => ({
      level: level + 1,
      by: { id: userId, name },
      decision,
      comment,
      at: at.toISOString(),
    })),
    comments: about.comments.map(({ id, userId, name, text, at }) => ({
      id,
      by: { id: userId, name },
      text,
      at: at.toISOString(),
    })),
    may: {
      change: own && mayStep(ticket.state, "change"),
      decide: !own && !decided && mayStep(ticket.state, "decide") && about.standing.has(actor.id),
      withdraw: (own || may(actor, "tickets.manage")) && mayStep(ticket.state, "withdraw"),
      end: (own || may(actor, "tickets.manage")) && mayStep(ticket.state, "end"),
      extend: own && isAskable(given) && mayStep(ticket.state, "extend"),
      run:
        mayStep(ticket.state, "run") &&
        (about.script?.left ?? 0) > 0 &&
        (own || (given.kind === "script" && given.runBy === actor.id)),
      comment: mayStep(ticket.state, "comment"),
      review: about.mayReview && mayStep(ticket.state, "review"),
    },
  };
};

export const presentFlow = (flow: FlowRow) => ({
  id: flow.id,
  name: flow.name,
  active: flow.active,
  position: flow.position,
  match: flow.match,
  levels: flow.levels,
  auto: flow.auto,
  mayRepeat: flow.mayRepeat,
  updatedAt: flow.updatedAt.toISOString(),
});

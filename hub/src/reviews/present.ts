// Access reviews as the console and the API see them.
import type { LineWithPlaces, ReviewWithProgress } from "./reviews.ts";

/** viewerId: who looks; the reviewer may decide. */
export const presentReview = ({ review, reviewer, ...progress }: ReviewWithProgress, viewerId: string) => ({
  id: review.id,
  name: review.name,
  scope: review.ownerId === null ? ("all" as const) : ("owner" as const),
  reviewer: { id: review.reviewerId, name: reviewer },
  dueAt: review.dueAt.toISOString(),
  createdAt: review.createdAt.toISOString(),
  closedAt: review.closedAt?.toISOString() ?? null,
  ...progress,
  mayDecide: review.reviewerId === viewerId && review.closedAt === null,
});

export const presentLine = (line: LineWithPlaces) => ({
  id: line.id,
  grant: { id: line.grantId, name: line.grant },
  person: { id: line.personId, name: line.person },
  asset: { id: line.assetId, name: line.asset },
  via: line.via,
  actions: line.actions,
  places: line.places,
  expiresAt: line.expiresAt?.toISOString() ?? null,
  lastUsedAt: line.lastUsedAt?.toISOString() ?? null,
  decision: line.decision,
  outcome: line.outcome,
  reason: line.reason,
  decidedAt: line.decidedAt?.toISOString() ?? null,
});

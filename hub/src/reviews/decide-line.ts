// Keep or remove, line by line, by the reviewer alone.
import { eq } from "drizzle-orm";
import { takeOut } from "../access/take-out.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, actOn, assertMay } from "../identity/actor.ts";
import { notify } from "../notify/notify.ts";
import { HubError } from "../platform/errors.ts";
import type { ReviewDeps } from "./deps.ts";
import type { DecideLine, LineOutcome } from "./input.ts";
import { lockLine } from "./reviews.ts";
import { accessReviewLines, accessReviews } from "./schema.ts";

/**
 * What is removed exactly is gone when this resolves, and what was opened under it has ended. What cannot be taken from this person alone is flagged: whoever
 * manages grants is told, and nothing is changed. What was kept may be removed later in the same review, and what was flagged be decided again.
 *
 * @throws HubError `not-found`; `forbidden` for who is not the reviewer; `own-request` for keeping one's own access; `conflict` when the review is closed;
 * `decided-before` for what has been removed.
 */
export async function decideLine(deps: ReviewDeps, actor: Actor, { id, decision, reason }: DecideLine): Promise<LineOutcome> {
  const now = deps.clock.now();
  const outcome = await deps.db.transaction(async (tx): Promise<LineOutcome> => {
    const { line, review } = await lockLine(tx, actor, id);
    if (review.reviewerId !== actor.id) throw new HubError("forbidden", "Somebody else is asked to make this review.");
    if (review.closedAt !== null) throw new HubError("conflict", "This review is finished. Make a new one to decide again.");
    if (line.decision === "remove" && line.outcome !== "flagged")
      throw new HubError("decided-before", "This access has been removed already.");
    if (decision === "keep" && line.personId === actor.id)
      throw new HubError(
        "own-request",
        "Nobody confirms his own access. Leave the line open for somebody else's review, or remove it.",
      );
    const why = reason === "" ? review.name : reason;
    const reach = { grantId: line.grantId, userId: line.personId, assetId: line.assetId };
    const taken = decision === "keep" ? "kept" : await takeOut(tx, actor, reach, why, now);
    const became: LineOutcome = taken === "impossible" ? "flagged" : taken;
    const set = { decision, reason, outcome: became, decidedBy: actor.id, decidedAt: now };
    await tx.update(accessReviewLines).set(set).where(eq(accessReviewLines.id, id));
    await recordAudit(tx, {
      kind: "access-review.decided",
      ...actOn(actor, "access-review", review),
      data: {
        decision,
        outcome: became,
        person: line.person,
        asset: line.asset,
        grant: line.grant,
        grantId: line.grantId,
        reason,
      },
    });
    if (became === "flagged") {
      const data = {
        reviewId: review.id,
        grantId: line.grantId,
        grant: line.grant,
        person: line.person,
        asset: line.asset,
        reason,
      };
      await notify(tx, { kind: "access.review-flagged", orgId: actor.orgId, data }, now);
    }
    return became;
  });
  if (outcome === "revoked" || outcome === "narrowed") await deps.accessChanged(actor.orgId);
  deps.changes.announce(actor.orgId, "grants");
  return outcome;
}

/** By the reviewer, or with grants.manage. @throws HubError `not-found`, `forbidden`, `conflict` when it is. */
export async function closeReview(deps: ReviewDeps, actor: Actor, review: { id: string; name: string; reviewerId: string }) {
  if (review.reviewerId !== actor.id) assertMay(actor, "grants.manage");
  const now = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const [row] = await tx.select().from(accessReviews).where(eq(accessReviews.id, review.id)).for("update");
    if (row?.closedAt !== null) throw new HubError("conflict", "This review is finished already.");
    await tx.update(accessReviews).set({ closedAt: now }).where(eq(accessReviews.id, review.id));
    const lines = await tx.select().from(accessReviewLines).where(eq(accessReviewLines.reviewId, review.id));
    const open = lines.filter(({ decision }) => decision === null).length;
    await recordAudit(tx, {
      kind: "access-review.closed",
      ...actOn(actor, "access-review", review),
      data: { lines: lines.length, open },
    });
  });
  deps.changes.announce(actor.orgId, "grants");
}

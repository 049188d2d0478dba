// What becomes of access reviews by time alone: their reviewers are reminded.
import { and, eq, isNull, lte } from "drizzle-orm";
import { notify } from "../notify/notify.ts";
import type { ReviewDeps } from "./deps.ts";
import { accessReviewLines, accessReviews } from "./schema.ts";

/** A query of few rows; who has just let three days begin need not wait. */
export const remindEveryMs = 5_000;

/** Before it is due; a working week has room for it then. */
const remindBeforeMs = 3 * 86_400_000;
/** At once; the rest is told of next time. */
const reviewsAtOnce = 100;

/** Once a day from three days before it is due, until it is finished or nothing is left. The day is in the notice's key, so that of several hubs one tells. */
export async function remindReviewers({ db, clock }: ReviewDeps): Promise<void> {
  const now = clock.now();
  const due = await db
    .select()
    .from(accessReviews)
    .where(and(isNull(accessReviews.closedAt), lte(accessReviews.dueAt, new Date(now.getTime() + remindBeforeMs))))
    .limit(reviewsAtOnce);
  for (const { id, orgId, name, dueAt, reviewerId } of due)
    await db.transaction(async (tx) => {
      const left = await tx.$count(
        accessReviewLines,
        and(eq(accessReviewLines.reviewId, id), isNull(accessReviewLines.decision)),
      );
      if (left === 0) return;
      const key = `access-review/${id}/${now.toISOString().slice(0, 10)}`;
      const data = { reviewId: id, review: name, due: dueAt.toISOString(), left };
      await notify(tx, { kind: "access.review", orgId, people: [reviewerId], key, data }, now);
    });
}

// Access reviews: who reaches what, looked at line by line.

import { byId } from "../../platform/input.ts";
import { createReview } from "../../reviews/create-review.ts";
import { closeReview, decideLine } from "../../reviews/decide-line.ts";
import * as input from "../../reviews/input.ts";
import { presentLine, presentReview } from "../../reviews/present.ts";
import { findReview, listLines, listReviews } from "../../reviews/reviews.ts";
import { created, nothing } from "../output.ts";
import * as output from "../review-output.ts";
import { router, signedIn } from "../trpc.ts";

const tag = "Access reviews";

export const reviewsRouter = router({
  list: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/access-reviews",
        tag,
        summary: "Reviews, newest first: yours, or all for who may read grants",
      },
    })
    .input(input.listReviews)
    .output(output.reviews)
    .query(async ({ ctx, input: given }) => {
      const { rows, nextCursor, total } = await listReviews(ctx.hub.reviews.db, ctx.actor, given);
      return { items: rows.map((row) => presentReview(row, ctx.actor.id)), nextCursor, total };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/access-reviews/{id}", tag, summary: "A review and how far it is" } })
    .input(byId)
    .output(output.review)
    .query(async ({ ctx, input: { id } }) => presentReview(await findReview(ctx.hub.reviews.db, ctx.actor, id), ctx.actor.id)),
  lines: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/access-reviews/{id}/lines",
        tag,
        summary: "Who reaches what by which grant, and when he used it last",
      },
    })
    .input(input.listLines)
    .output(output.lines)
    .query(async ({ ctx, input: given }) => {
      const { db, clock } = ctx.hub.reviews;
      await findReview(db, ctx.actor, given.id);
      const { rows, nextCursor, total } = await listLines(db, given, clock.now());
      return { items: rows.map(presentLine), nextCursor, total };
    }),
  create: signedIn
    .meta({
      rest: { method: "POST", path: "/access-reviews", status: 201, tag, summary: "Ask somebody to look at who reaches what" },
    })
    .input(input.createReview)
    .output(created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createReview(ctx.hub.reviews, ctx.actor, given) })),
  decide: signedIn
    .meta({
      rest: { method: "POST", path: "/access-review-lines/{id}/decide", tag, summary: "Keep or remove what one line says" },
    })
    .input(input.decideLine)
    .output(output.decided)
    .mutation(async ({ ctx, input: given }) => ({ outcome: await decideLine(ctx.hub.reviews, ctx.actor, given) })),
  close: signedIn
    .meta({
      rest: { method: "POST", path: "/access-reviews/{id}/close", tag, summary: "Finish a review; what is open stays undecided" },
    })
    .input(byId)
    .output(nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      const { review } = await findReview(ctx.hub.reviews.db, ctx.actor, id);
      await closeReview(ctx.hub.reviews, ctx.actor, review);
      return {};
    }),
});

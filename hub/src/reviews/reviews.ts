// Queries over access reviews.
import { and, asc, count, desc, eq, gt, ilike, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { Place } from "../databases/input.ts";
import { databaseWants } from "../databases/schema.ts";
import { type Actor, may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { cutPage, likeOf } from "../platform/paging.ts";
import type { ListLines } from "./input.ts";
import { accessReviewLines, accessReviews, type LineRow, type ReviewRow } from "./schema.ts";

export type Progress = { lines: number; decided: number; removed: number; flagged: number };
export type ReviewWithProgress = { review: ReviewRow; reviewer: string } & Progress;

const withProgress = (db: Queryable) =>
  db
    .select({
      review: accessReviews,
      reviewer: users.name,
      lines: sql<number>`(select count(*)::int from access_review_lines l where l.review_id = ${accessReviews.id})`,
      decided: sql<number>`(select count(*)::int from access_review_lines l where l.review_id = ${accessReviews.id} and l.decision is not null)`,
      removed: sql<number>`(select count(*)::int from access_review_lines l where l.review_id = ${accessReviews.id} and l.outcome in ('revoked', 'narrowed', 'gone'))`,
      flagged: sql<number>`(select count(*)::int from access_review_lines l where l.review_id = ${accessReviews.id} and l.outcome = 'flagged')`,
    })
    .from(accessReviews)
    .innerJoin(users, eq(users.id, accessReviews.reviewerId));

/** Those one is asked to make, has asked for, or all with grants.read. */
const seenBy = (actor: Actor): SQL | undefined =>
  and(
    eq(accessReviews.orgId, actor.orgId),
    may(actor, "grants.read") ? undefined : or(eq(accessReviews.reviewerId, actor.id), eq(accessReviews.createdBy, actor.id)),
  );

/** Newest first; the cursor is the last one's id. */
export async function listReviews(
  db: Queryable,
  actor: Actor,
  { search, cursor, limit }: { search?: string | undefined; cursor?: string | undefined; limit: number },
) {
  const filter = and(seenBy(actor), search ? ilike(accessReviews.name, likeOf(search)) : undefined);
  const [rows, total] = await Promise.all([
    withProgress(db)
      .where(and(filter, cursor === undefined ? undefined : lt(accessReviews.id, cursor)))
      .orderBy(desc(accessReviews.id))
      .limit(limit + 1),
    db.$count(accessReviews, filter),
  ]);
  return { ...cutPage(rows, limit, ({ review }) => review.id), total };
}

/** @throws HubError `not-found`, also for one that he does not see. */
export async function findReview(db: Queryable, actor: Actor, id: string): Promise<ReviewWithProgress> {
  const [row] = await withProgress(db).where(and(seenBy(actor), eq(accessReviews.id, id)));
  if (row === undefined) throw notFound("review");
  return row;
}

/** places: what the grant gives on a database server; null: it gives no account there. */
export type LineWithPlaces = LineRow & { places: Place[] | null };

/** Of a review that the caller may see; in the order of the assets and people it was made in. */
export async function listLines(
  db: Queryable,
  { id, open, unusedDays, search, cursor, limit }: ListLines,
  now: Date,
): Promise<{ rows: LineWithPlaces[]; nextCursor: string | null; total: number }> {
  const pattern = search ? likeOf(search) : null;
  const since = unusedDays === undefined ? null : new Date(now.getTime() - unusedDays * 86_400_000);
  const filter = and(
    eq(accessReviewLines.reviewId, id),
    open === true ? isNull(accessReviewLines.decision) : undefined,
    since === null ? undefined : or(isNull(accessReviewLines.lastUsedAt), lt(accessReviewLines.lastUsedAt, since)),
    pattern === null
      ? undefined
      : or(
          ilike(accessReviewLines.person, pattern),
          ilike(accessReviewLines.asset, pattern),
          ilike(accessReviewLines.grant, pattern),
        ),
  );
  const [rows, [counted]] = await Promise.all([
    db
      .select({ line: accessReviewLines, places: databaseWants.places })
      .from(accessReviewLines)
      .leftJoin(databaseWants, eq(databaseWants.grantId, accessReviewLines.grantId))
      .where(and(filter, cursor === undefined ? undefined : gt(accessReviewLines.id, cursor)))
      .orderBy(asc(accessReviewLines.id))
      .limit(limit + 1),
    db.select({ total: count() }).from(accessReviewLines).where(filter),
  ]);
  const lines = rows.map(({ line, places }) => ({ ...line, places }));
  return { ...cutPage(lines, limit, (line) => line.id), total: counted?.total ?? 0 };
}

/** @throws HubError `not-found`. */
export async function lockLine(tx: Transaction, actor: Actor, id: string): Promise<{ line: LineRow; review: ReviewRow }> {
  const [row] = await tx
    .select({ line: accessReviewLines, review: accessReviews })
    .from(accessReviewLines)
    .innerJoin(accessReviews, eq(accessReviews.id, accessReviewLines.reviewId))
    .where(and(seenBy(actor), eq(accessReviewLines.id, id)))
    .for("update");
  if (row === undefined) throw notFound("line");
  return row;
}

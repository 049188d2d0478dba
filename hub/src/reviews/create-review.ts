// Somebody is asked to look at who reaches what: the lines are as it is now, and stay so.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, isNull } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, actOn, assertMay } from "../identity/actor.ts";
import { findMember } from "../identity/members.ts";
import { mayAct } from "../identity/person-state.ts";
import { notify } from "../notify/notify.ts";
import { inPieces } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { ReviewDeps } from "./deps.ts";
import type { CreateReview } from "./input.ts";
import { accessReviewLines, accessReviews } from "./schema.ts";
import { whoReaches } from "./who-reaches.ts";

/** What one person can look at line by line; more is several reviews. */
const linesMax = 10_000;
/** Rows of fourteen columns a statement. */
const rowsAtOnce = 1_000;

/**
 * By who manages grants, for anybody; by an owner of assets, of his own and for himself.
 *
 * @throws HubError `forbidden`; `not-found` for the reviewer or owner; `bad-input` for a date that is over; `too-many` lines; `conflict` for none.
 */
export async function createReview(deps: ReviewDeps, actor: Actor, input: CreateReview): Promise<string> {
  const { name, ownerId, reviewerId } = input;
  const now = deps.clock.now();
  const dueAt = new Date(input.dueAt);
  if (ownerId !== actor.id || reviewerId !== actor.id) assertMay(actor, "grants.manage");
  if (dueAt <= now) throw new HubError("bad-input", "The review must be due later than now.", { facts: { fields: "dueAt" } });
  const id = newId("arv", now.getTime());
  await deps.db.transaction(async (tx) => {
    for (const personId of [reviewerId, ...(ownerId === null ? [] : [ownerId])]) {
      const person = await findMember(tx, actor.orgId, personId);
      if (person === null || !mayAct(person, now)) throw notFound("person");
    }
    if (ownerId !== null) await assertOwns(tx, actor.orgId, ownerId);
    const rows = await whoReaches(tx, { orgId: actor.orgId, ownerId, now, limit: linesMax + 1 });
    if (rows.length > linesMax)
      throw new HubError("too-many", `That is more than ${linesMax} lines. Make a review for each owner of assets.`);
    if (rows.length === 0) throw new HubError("conflict", "Nobody reaches any of these assets, so there is nothing to review.");
    const review = { id, orgId: actor.orgId, name, ownerId, reviewerId, dueAt, createdBy: actor.id, createdAt: now };
    await tx.insert(accessReviews).values(review);
    const lines = rows.map((row, n) => ({
      id: newId("arl", now.getTime() + n), // in the order of the rows
      orgId: actor.orgId,
      reviewId: id,
      grantId: row.grant_id,
      grant: row.grant_name,
      personId: row.person_id,
      person: row.person,
      assetId: row.asset_id,
      asset: row.asset,
      via: row.via,
      actions: row.actions,
      expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
      lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
    }));
    for (const piece of inPieces(lines, rowsAtOnce)) await tx.insert(accessReviewLines).values(piece);
    await recordAudit(tx, {
      kind: "access-review.created",
      ...actOn(actor, "access-review", { id, name }),
      data: { lines: lines.length, ownerId: ownerId ?? "", reviewerId, due: dueAt.toISOString() },
    });
    const data = { reviewId: id, review: name, due: dueAt.toISOString(), left: lines.length };
    await notify(tx, { kind: "access.review", orgId: actor.orgId, people: [reviewerId], data }, now);
  });
  deps.changes.announce(actor.orgId, "grants");
  return id;
}

async function assertOwns(tx: Parameters<typeof whoReaches>[0], orgId: string, ownerId: string): Promise<void> {
  const owned = await tx.$count(assets, and(eq(assets.orgId, orgId), eq(assets.ownerId, ownerId), isNull(assets.retiredAt)));
  if (owned === 0) throw new HubError("conflict", "The person owns no assets. Owners are named in the asset's fields.");
}

// Access reviews: who reaches what, as it was when somebody was asked to look, and what he decided line by line.
import { index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { Action } from "../access/input.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { LineDecision, LineOutcome } from "./input.ts";

export const accessReviews = pgTable(
  "access_reviews",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    /** Of the assets of this owner; null: of all. */
    ownerId: text("owner_id").references(() => users.id),
    reviewerId: text("reviewer_id")
      .notNull()
      .references(() => users.id),
    dueAt: moment("due_at").notNull(),
    createdBy: text("created_by")
      .notNull()
      .references(() => users.id),
    createdAt: moment("created_at").notNull(),
    /** When it was finished; what was not decided by then stays so. */
    closedAt: moment("closed_at"),
  },
  (table) => [index("access_reviews_org").on(table.orgId, table.id), index("access_reviews_reviewer").on(table.reviewerId)],
);

/** Names as they were: the line must say what was decided about when all of it is gone. */
export const accessReviewLines = pgTable(
  "access_review_lines",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    reviewId: text("review_id")
      .notNull()
      .references(() => accessReviews.id, { onDelete: "cascade" }),
    grantId: text("grant_id").notNull(),
    grant: text("grant_name").notNull(),
    personId: text("person_id").notNull(),
    person: text("person").notNull(),
    assetId: text("asset_id").notNull(),
    asset: text("asset").notNull(),
    /** The group or role that he has it by; empty: the grant names him. */
    via: text("via").notNull(),
    actions: text("actions").array().$type<Action[]>().notNull(),
    expiresAt: moment("expires_at"),
    /** When he opened something there last, or a script ran there in his name; null: never. */
    lastUsedAt: moment("last_used_at"),
    decision: text("decision").$type<LineDecision>(),
    outcome: text("outcome").$type<LineOutcome>(),
    reason: text("reason").notNull().default(""),
    decidedBy: text("decided_by"),
    decidedAt: moment("decided_at"),
  },
  (table) => [
    index("access_review_lines_review").on(table.reviewId, table.id),
    uniqueIndex("access_review_lines_once").on(table.reviewId, table.grantId, table.personId, table.assetId),
  ],
);

export type ReviewRow = typeof accessReviews.$inferSelect;
export type LineRow = typeof accessReviewLines.$inferSelect;

// What callers may send about access reviews.
import { z } from "zod";
import { byId, displayName, page } from "../platform/input.ts";

export const lineDecisions = ["keep", "remove"] as const;
export type LineDecision = (typeof lineDecisions)[number];
/** flagged: it cannot be taken from this person alone, since it comes by a group, role, node or label; whoever manages grants has been told. gone: it was there no more. */
export const lineOutcomes = ["kept", "revoked", "narrowed", "flagged", "gone"] as const;
export type LineOutcome = (typeof lineOutcomes)[number];

/** ownerId: of whose assets; null: of all, by who manages grants. */
export const createReview = z.object({
  name: displayName,
  ownerId: z.string().min(1).max(64).nullable(),
  reviewerId: z.string().min(1).max(64),
  dueAt: z.iso.datetime({ offset: true }),
});
export type CreateReview = z.infer<typeof createReview>;

export const listReviews = page;
/** unusedDays: not used for so long, or never. open: not decided yet. */
export const listLines = page.extend({
  id: byId.shape.id,
  open: z.stringbool().or(z.boolean()).optional(),
  unusedDays: z.coerce.number().int().min(1).max(3_650).optional(),
});
export type ListLines = z.infer<typeof listLines>;
/** id: of the line. */
export const decideLine = byId.extend({
  decision: z.enum(lineDecisions),
  reason: z
    .string()
    .trim()
    .max(500)
    .regex(/^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, "must not contain control characters")
    .default(""),
});
export type DecideLine = z.infer<typeof decideLine>;

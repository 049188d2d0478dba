// Shapes of what the API tells about access reviews.
import { z } from "zod";
import { actions } from "../access/input.ts";
import { place } from "../databases/input.ts";
import { lineDecisions, lineOutcomes } from "../reviews/input.ts";
import { pageOf } from "./output.ts";

const moment = z.iso.datetime();
const named = z.object({ id: z.string(), name: z.string() });

export const review = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(["all", "owner"]),
  reviewer: named,
  dueAt: moment,
  createdAt: moment,
  closedAt: moment.nullable(),
  lines: z.number().int(),
  decided: z.number().int(),
  removed: z.number().int(),
  /** What cannot be taken from one person alone, and an administrator has to decide. */
  flagged: z.number().int(),
  mayDecide: z.boolean(),
});
export const reviews = pageOf(review);

export const lines = pageOf(
  z.object({
    id: z.string(),
    grant: named,
    person: named,
    asset: named,
    /** Groups and roles that he has it by; empty: the grant names him. */
    via: z.string(),
    actions: z.array(z.enum(actions)),
    /** What it gives on a database server; null: no account there. */
    places: z.array(place).nullable(),
    expiresAt: moment.nullable(),
    lastUsedAt: moment.nullable(),
    decision: z.enum(lineDecisions).nullable(),
    outcome: z.enum(lineOutcomes).nullable(),
    reason: z.string(),
    decidedAt: moment.nullable(),
  }),
);
export const decided = z.object({ outcome: z.enum(lineOutcomes) });

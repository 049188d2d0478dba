// What callers may send to audit.
import { z } from "zod";
import { page } from "../platform/input.ts";

const moment = z.iso.datetime({ offset: true });

export const listAudit = page.extend({
  kind: z.string().max(64).optional(),
  actorId: z.string().max(64).optional(),
  subjectId: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
});
export type ListAudit = z.infer<typeof listAudit>;
export const histogram = z.object({ from: moment, to: moment });
/** Why it is as it should be: "restored the backup of 3 May after the disk failed". */
export const acknowledge = z.object({ reason: z.string().trim().min(3).max(500) });

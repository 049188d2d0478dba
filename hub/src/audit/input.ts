// What callers may send to audit.
import { z } from "zod";
import { page } from "../platform/input.ts";

const moment = z.iso.datetime({ offset: true });

const id = z.string().min(1).max(64);

const filters = {
  /** One kind, such as `person.signed-in`. */
  kind: z.string().max(64).optional(),
  /** Every kind that begins so: `person`, `grant`, `session`, … */
  group: z
    .string()
    .regex(/^[a-z]{1,32}$/)
    .optional(),
  actorId: id.optional(),
  subjectId: id.optional(),
  /** What was done on or through this asset. */
  assetId: id.optional(),
  /** The address it came from, as recorded. */
  ip: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
};

export const listAudit = page.extend(filters);
export type ListAudit = z.infer<typeof listAudit>;
export const exportAudit = z.object({ ...filters, search: z.string().trim().max(200).optional() });
export type ExportAudit = z.infer<typeof exportAudit>;
export const histogram = z.object({ from: moment, to: moment });
/** Why it is as it should be: "restored the backup of 3 May after the disk failed". */
export const acknowledge = z.object({ reason: z.string().trim().min(3).max(500) });

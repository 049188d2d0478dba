// Shapes that requests share: ids and pages.
import { z } from "zod";

export const byId = z.object({ id: z.string().min(1).max(64) });

/** A page of a list: keyset cursor, at most 200 rows, free-text search. */
export const page = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  search: z.string().trim().max(200).optional(),
});

/** A name that people read: one line, no control characters, no invisible direction changes. */
export const displayName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u, "must be one line without control characters");

/** Where somebody may come from: one address, or a network in CIDR notation. */
export const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

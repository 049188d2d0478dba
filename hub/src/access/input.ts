// What callers may send to access.
import { z } from "zod";

export const actions = ["connect", "run", "dial"] as const;
export type Action = (typeof actions)[number];

export const listGrants = z.object({ userId: z.string().optional(), assetId: z.string().optional() });
export const createGrant = z.object({
  userId: z.string(),
  assetIds: z.array(z.string()).min(1).max(1_000),
  actions: z.array(z.enum(actions)).min(1),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
export const revokeGrant = z.object({ id: z.string(), reason: z.string().trim().max(500).default("") });

// Shapes of what /api/v1 answers about people and groups.
import { z } from "zod";

const moment = z.iso.datetime();

export const group = z.object({ id: z.string(), name: z.string(), members: z.number().int(), createdAt: moment });
export const changedCount = z.object({ changed: z.number().int() });

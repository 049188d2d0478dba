// What callers may send to assets.
import { z } from "zod";
import { page } from "../platform/input.ts";

export const listAssets = page.extend({ zoneId: z.string().optional(), state: z.enum(["online", "offline"]).optional() });
export type ListAssets = z.infer<typeof listAssets>;

// What callers may send about files, and how large one may be.
import { keptFileBytesMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { byId, displayName, page } from "../platform/input.ts";
import { visibilities } from "../scripts/input.ts";

/** A name in a folder: what a host's file system takes as one, and people can read. */
export const fileName = displayName.refine(
  (name) => !name.includes("/") && name !== "." && name !== "..",
  "must be a file's name, not a path",
);

export const sha256 = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hex");

export const beginUpload = z.object({
  name: fileName,
  sizeBytes: z.number().int().min(0).max(keptFileBytesMax),
  visibility: z.enum(visibilities).default("private"),
});
export type BeginUpload = z.infer<typeof beginUpload>;

/** `sha256`: what the whole must be; without it the hub only says what it is. */
export const finishUpload = byId.extend({ sha256: sha256.optional() });
export type FinishUpload = z.infer<typeof finishUpload>;

export const listFiles = page.extend({
  mine: z.stringbool().or(z.boolean()).default(false),
  /** Those that can be used; without it, also those that are still coming. */
  ready: z.stringbool().or(z.boolean()).default(false),
});
export type ListFiles = z.infer<typeof listFiles>;

/** In bytes of the file, from 0: where the piece in the body belongs. */
export const pieceOffset = z.coerce.number().int().min(0).max(keptFileBytesMax);

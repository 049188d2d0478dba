// Shapes of what the API tells about databases.
import { z } from "zod";
import { place, settings as settingsInput } from "../databases/input.ts";
import { standings } from "../databases/password-of.ts";

export const catalogue = z.object({
  dialect: z.enum(["mysql", "postgresql"]),
  items: z.array(z.object({ name: z.string(), kind: z.enum(["database", "schema", "table", "view"]) })),
  /** There are more: a longer search finds them. */
  more: z.boolean(),
});

/** Null: the ticket gives no account on a database. */
export const account = z.object({
  account: z
    .object({
      state: z.enum(standings),
      username: z.string(),
      accountId: z.string(),
      failure: z.string().nullable(),
      missing: z.array(place),
      lookedAt: z.iso.datetime().nullable(),
      port: z.number().int(),
      protocol: z.enum(["mysql", "mariadb", "postgresql"]),
      /** Whether the asset says whose certificate the server must show. */
      checksCertificate: z.boolean(),
    })
    .nullable(),
});

export const password = z.object({ username: z.string(), password: z.string() });
export const settings = settingsInput;

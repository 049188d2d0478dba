// What callers may send about databases; forms share it.
import { z } from "zod";

/** As servers write it: anything but NUL, which ends a text there. Longer than either of them takes. */
export const placeName = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => !name.includes("\0") && name.isWellFormed(), "must not contain NUL");

/** read is the first alone; any of the others makes it write. execute: to call routines, which are a database's or a schema's, never a table's. */
export const privileges = ["select", "insert", "update", "delete", "execute"] as const;
export type Privilege = (typeof privileges)[number];

/** How accounts are called; see account-names.ts. Short enough that a name has room for a person's in 32 characters. */
export const settings = z.object({
  namePattern: z
    .string()
    .regex(
      /^[a-z][a-z0-9_]{0,11}\{user\}_[a-z0-9_]{0,6}\{level\}$/,
      "must be like jump_db_{user}_{level}: lower case letters, digits and _",
    ),
});

/** In a request, at most. */
export const placesMax = 100;

/**
 * Where in a database server, and what may be done there.
 *
 * schema: of PostgreSQL; null with MySQL and MariaDB, where a database is a schema. table: a table or view; null for all there are and will be, and for
 * all routines.
 */
export const place = z.object({
  database: placeName,
  schema: placeName.nullable().default(null),
  table: placeName.nullable().default(null),
  privileges: z.array(z.enum(privileges)).min(1).max(privileges.length),
});
export type Place = z.infer<typeof place>;

/** Nothing: the databases. A database: its tables, or its schemas with PostgreSQL; a database and a schema: the schema's tables. */
export const browse = z.object({
  assetId: z.string().min(1).max(64),
  database: placeName.optional(),
  schema: placeName.optional(),
  search: z.string().trim().max(100).default(""),
});
export type Browse = z.infer<typeof browse>;

// What a file of rows may be, and what is told of one; the console shares it.
import { z } from "zod";

/** Ten thousand rows of five hundred letters. More belongs into several files: one import is one transaction. */
export const csvBytesMax = 5 * 1024 * 1024;
/** As many rows as one transaction writes within seconds, while nobody else's changes wait long. */
export const csvRowsMax = 10_000;

/** apply: false only says what would happen. */
export const importFile = z.object({ csv: z.string().max(csvBytesMax), apply: z.boolean().default(false) });

export const rowProblems = [
  "not-csv",
  "not-utf8",
  "too-many-rows",
  "unknown-column",
  "missing-column",
  "missing",
  "wrong",
  "twice",
  "taken",
  "unknown",
  "not-yours",
] as const;
export type RowProblem = (typeof rowProblems)[number];

export const rowError = z.object({
  /** Of the file, from 1: where the row begins. */
  line: z.number().int(),
  /** Null: the whole row, or the file. */
  field: z.string().nullable(),
  code: z.enum(rowProblems),
  /** What was read, cut. */
  value: z.string(),
  /** What is wrong and what to do. */
  message: z.string(),
});
export type RowError = z.infer<typeof rowError>;

/** applied: false when it was only tried, and when anything was wrong: then nothing is written. errorsTotal: errors are cut. */
export const importReport = z.object({
  applied: z.boolean(),
  rows: z.number().int(),
  created: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  errors: z.array(rowError),
  errorsTotal: z.number().int(),
});
export type ImportReport = z.infer<typeof importReport>;

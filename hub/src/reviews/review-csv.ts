// An access review as a file of rows, for whoever keeps evidence elsewhere.
import { byteOrderMark, csvLine } from "../csv/write-csv.ts";
import type { LineRow } from "./schema.ts";

const columns = [
  "person",
  "asset",
  "grant",
  "via",
  "actions",
  "expires_at",
  "last_used_at",
  "decision",
  "outcome",
  "reason",
  "decided_at",
];

export const reviewCsv = (lines: readonly LineRow[]): string =>
  byteOrderMark +
  csvLine(columns) +
  lines
    .map((line) =>
      csvLine([
        line.person,
        line.asset,
        line.grant,
        line.via,
        line.actions.join(" "),
        line.expiresAt?.toISOString() ?? null,
        line.lastUsedAt?.toISOString() ?? null,
        line.decision,
        line.outcome,
        line.reason,
        line.decidedAt?.toISOString() ?? null,
      ]),
    )
    .join("");

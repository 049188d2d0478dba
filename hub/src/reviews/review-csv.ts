// An access review as a file of rows, for whoever keeps evidence elsewhere.
import { byteOrderMark, csvLine } from "../csv/write-csv.ts";
import type { Place } from "../databases/input.ts";
import type { LineWithPlaces } from "./reviews.ts";

const columns = [
  "person",
  "asset",
  "grant",
  "via",
  "actions",
  "places",
  "expires_at",
  "last_used_at",
  "decision",
  "outcome",
  "reason",
  "decided_at",
];

/** `select, update on shop.orders`; all tables of a place as `*`. */
const placeText = ({ database, schema, table, privileges }: Place): string =>
  `${privileges.join(", ")} on ${[database, ...(schema === null ? [] : [schema]), table ?? "*"].join(".")}`;

export const reviewCsv = (lines: readonly LineWithPlaces[]): string =>
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
        (line.places ?? []).map(placeText).join("; "),
        line.expiresAt?.toISOString() ?? null,
        line.lastUsedAt?.toISOString() ?? null,
        line.decision,
        line.outcome,
        line.reason,
        line.decidedAt?.toISOString() ?? null,
      ]),
    )
    .join("");

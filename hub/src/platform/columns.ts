// Columns that every table writes the same way.
import { customType, text, timestamp } from "drizzle-orm/pg-core";

/** A moment: timestamptz, so that it means the same everywhere. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** The organisation a row belongs to. On every row, in every query. */
export const orgId = () => text("org_id").notNull();

/** Bytes as they are. */
export const bytes = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => "bytea",
  fromDriver: (value) => Buffer.from(value),
});

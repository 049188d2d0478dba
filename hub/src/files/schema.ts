// Files: what people keep to push to hosts. The row says what it is; its bytes lie in the data folder.
import { bigint, index, pgTable, text } from "drizzle-orm/pg-core";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { Visibility } from "../scripts/input.ts";

export type FileState = "uploading" | "ready";

export const keptFiles = pgTable(
  "kept_files",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    name: text("name").notNull(),
    visibility: text("visibility").$type<Visibility>().notNull(),
    state: text("state").$type<FileState>().notNull(),
    /** As its owner said when he began; ready only with exactly as many. */
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** On disk and safe from a crash: where an upload goes on. */
    storedBytes: bigint("stored_bytes", { mode: "number" }).notNull().default(0),
    /** Hex; null until it is ready. */
    sha256: text("sha256"),
    ownerId: text("owner_id")
      .notNull()
      .references(() => users.id),
    createdAt: moment("created_at").notNull(),
    /** When a piece of it came last. */
    touchedAt: moment("touched_at").notNull(),
  },
  (table) => [
    index("kept_files_org_name").on(table.orgId, table.name, table.id),
    index("kept_files_state").on(table.state, table.touchedAt),
  ],
);

export type KeptFileRow = typeof keptFiles.$inferSelect;

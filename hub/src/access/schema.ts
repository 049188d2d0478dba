// Access: who may do what on which asset.
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { assets } from "../assets/schema.ts";
import { users } from "../identity/schema.ts";
import { moment, orgId } from "../platform/columns.ts";
import type { Action } from "./input.ts";

export const grants = pgTable(
  "grants",
  {
    id: text("id").primaryKey(),
    orgId: orgId(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    assetId: text("asset_id")
      .notNull()
      .references(() => assets.id),
    actions: text("actions").array().$type<Action[]>().notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: moment("created_at").notNull(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    revokedBy: text("revoked_by"),
    revokeReason: text("revoke_reason"),
  },
  (table) => [index("grants_user").on(table.userId, table.assetId), index("grants_asset").on(table.assetId)],
);

export type GrantRow = typeof grants.$inferSelect;

// Rules as the console and the API see them.
import type { RuleRow } from "./schema.ts";

export const presentRule = ({ orgId: _org, changedBy: _by, createdAt: _made, updatedAt, position: _at, ...rule }: RuleRow) => ({
  ...rule,
  updatedAt: updatedAt.toISOString(),
});

// What every kind of work says when it is over, and in whose name.
import type { AccountRow } from "../assets/schema.ts";
import type { OutcomeCode } from "./outcome.ts";
import type { TaskRow } from "./schema.ts";

/** How one attempt ended. @property agent name of the one that tried last. */
export type Attempt = { code: OutcomeCode; agent: string | null };

export const auditBy = (task: Pick<TaskRow, "byId" | "byName" | "byAddress">, account: AccountRow) => ({
  orgId: account.orgId,
  actor: task.byId === null ? null : { id: task.byId, name: task.byName ?? "" },
  subject: { kind: "account" as const, id: account.id, name: account.username },
  ip: task.byAddress,
});

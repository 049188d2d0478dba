// Gives up what an agent was to do or was doing: it has been revoked and will not be heard again.
import { and, eq, ne } from "drizzle-orm";
import type { AutomationDeps } from "./deps.ts";
import { isWaiting } from "./execution-state.ts";
import { executions } from "./schema.ts";
import { settleExecution, settleWaiting } from "./settle.ts";

export async function abandonExecutionsOf(deps: AutomationDeps, agentId: string): Promise<void> {
  const rows = await deps.db
    .select()
    .from(executions)
    .where(and(eq(executions.agentId, agentId), ne(executions.state, "finished")));
  const waiting = rows.filter(({ state }) => isWaiting(state));
  await settleWaiting(deps, waiting, { reason: "refused", message: "The agent was revoked before it began." });
  const message = "The agent was revoked while the script ran; what it did is not known.";
  for (const row of rows) if (!isWaiting(row.state)) await settleExecution(deps, row, { reason: "lost", message });
}

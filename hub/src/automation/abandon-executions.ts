// Gives up what an agent was to do or was doing: it has been revoked and will not be heard again.
import { and, eq, ne } from "drizzle-orm";
import type { AutomationDeps } from "./deps.ts";
import { executions } from "./schema.ts";
import { settleExecution } from "./settle.ts";

export async function abandonExecutionsOf(deps: AutomationDeps, agentId: string): Promise<void> {
  const rows = await deps.db
    .select()
    .from(executions)
    .where(and(eq(executions.agentId, agentId), ne(executions.state, "finished")));
  for (const row of rows) {
    const begun = row.state !== "queued" && row.state !== "offered";
    const message = begun
      ? "The agent was revoked while the script ran; what it did is not known."
      : "The agent was revoked before it began.";
    await settleExecution(deps, row, { reason: begun ? "lost" : "refused", message });
  }
}

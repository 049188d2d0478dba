// Retention: outputs of executions that ended long enough ago are removed. The rows stay; the run's events say so.
import { and, eq, lt } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { artefactLogOf } from "./artefact-log.ts";
import type { AutomationDeps } from "./deps.ts";
import { executions, runs } from "./schema.ts";

const dayMs = 86_400_000;

/** Every hour. Idempotent: a crash between the event and the removal costs a second event, never a removal without one. */
export async function removeOldOutputs(deps: AutomationDeps, days: number): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - days * dayMs);
  for await (const id of deps.store.untouchedSince("exe", before.getTime())) {
    const due = await deps.db.transaction(async (tx) => {
      const [row] = await tx
        .select({ orgId: executions.orgId, runId: runs.id, title: runs.title })
        .from(executions)
        .innerJoin(runs, eq(runs.id, executions.runId))
        .where(and(eq(executions.id, id), eq(executions.state, "finished"), lt(executions.endedAt, before)));
      if (row === undefined) return null;
      await recordAudit(tx, {
        kind: "run.output-removed",
        orgId: row.orgId,
        actor: null,
        subject: { kind: "run", id: row.runId, name: row.title },
        ip: null,
        data: { executionId: id, days },
      });
      return row;
    });
    if (due === null) continue;
    await deps.store.remove(artefactLogOf(id)); // before the output, by which it is found
    await deps.store.remove(id);
    deps.changes.announce(due.orgId, "execution", id);
  }
}

// A person lets a run go on: after its canaries, or after failures that somebody has looked at.
import { eq } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { AutomationDeps } from "./deps.ts";
import { refreshRun } from "./refresh-run.ts";
import { findRun } from "./runs.ts";
import { runs } from "./schema.ts";
import { assertMayStop } from "./stop-run.ts";
import { tellAgents } from "./tell-agents.ts";

/** Whoever may stop it may let it go on. @throws HubError `not-found`, `forbidden`, `conflict` for a run that waits for nobody. */
export async function goOn(deps: AutomationDeps, actor: Actor, id: string): Promise<void> {
  const found = await findRun(deps.db, actor.orgId, id);
  if (found === null) throw notFound("run");
  assertMayStop(actor, found.run.createdBy, "run");
  const released = await deps.db.transaction(async (tx) => {
    const [run] = await tx.select().from(runs).where(eq(runs.id, id)).for("update");
    if (run === undefined || (run.state !== "paused" && run.state !== "halted"))
      throw new HubError("conflict", "This run does not wait for anybody to let it go on.");
    await tx
      .update(runs)
      .set({ state: "running", canaryPassed: true, toleratedErrors: found.counts.failed })
      .where(eq(runs.id, id));
    await recordAudit(tx, {
      kind: "run.continued",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "run", id, name: run.title },
      ip: actor.ip,
      data: { failed: found.counts.failed },
    });
    return refreshRun(deps, tx, id);
  });
  await tellAgents(deps, released);
  deps.changes.announce(actor.orgId, "runs", id);
}

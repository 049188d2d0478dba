// Retention: recordings of sessions that ended long enough ago are removed. The row and its events stay and say so.
import { and, eq, lt } from "drizzle-orm";
import { recordAudit } from "../audit/record-audit.ts";
import { agents } from "../fleet/schema.ts";
import type { SessionDeps } from "./deps.ts";
import { sessions } from "./schema.ts";

const dayMs = 86_400_000;

/** Every hour. Idempotent: a crash between the event and the removal costs a second event, never a removal without one. */
export async function removeOldRecordings(deps: SessionDeps, days: number): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - days * dayMs);
  for await (const id of deps.store.untouchedSince("ses", before.getTime())) {
    const due = await deps.db.transaction(async (tx) => {
      const [row] = await tx
        .select({ orgId: sessions.orgId, name: agents.name })
        .from(sessions)
        .innerJoin(agents, eq(agents.id, sessions.agentId))
        .where(and(eq(sessions.id, id), eq(sessions.state, "ended"), lt(sessions.endedAt, before)));
      if (row === undefined) return null;
      await recordAudit(tx, {
        kind: "session.recording-removed",
        orgId: row.orgId,
        actor: null,
        subject: { kind: "session", id, name: row.name },
        ip: null,
        data: { days },
      });
      return row;
    });
    if (due === null) continue;
    await deps.store.remove(id);
    deps.changes.announce(due.orgId, "sessions", id);
  }
}

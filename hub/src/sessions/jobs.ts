// Sessions' periodic work.

import { keepTerminalSecondsDefault } from "@sallyport/protocol/limits";
import { and, eq, inArray } from "drizzle-orm";
import { agents } from "../fleet/schema.ts";
import type { SessionDeps } from "./deps.ts";
import { closeSession, endSession } from "./end-session.ts";
import { sessions } from "./schema.ts";

/** Every two seconds: terminals nobody looks at any more, after their grace. */
export async function endDetached(deps: SessionDeps): Promise<void> {
  const before = deps.clock.now().getTime() - deps.detachGraceSeconds * 1_000;
  for (const session of deps.live.all())
    if (session.detachedSinceMs !== null && session.detachedSinceMs < before)
      await endSession(deps, session.id, { reason: "detached", by: null });
}

/** Every minute: sessions whose agent was not heard for longer than it keeps a terminal. */
export async function endLost(deps: SessionDeps): Promise<void> {
  const keepMs = (keepTerminalSecondsDefault + 60) * 1_000;
  const now = deps.clock.now().getTime();
  const rows = await deps.db
    .select({ id: sessions.id, agentId: sessions.agentId, lastSeenAt: agents.lastSeenAt })
    .from(sessions)
    .innerJoin(agents, eq(agents.id, sessions.agentId))
    .where(and(inArray(sessions.state, ["opening", "live"]), eq(agents.online, false)));
  for (const row of rows) {
    if (row.lastSeenAt !== null && now - row.lastSeenAt.getTime() < keepMs) continue;
    await closeSession(deps, row.id, { reason: "agent-lost", by: null, exitCode: null, signal: null });
  }
}

// Agents that stay away: whoever runs the fleet is told, once for each time away, and once for all that went in the same minute.
import { and, asc, eq, gt, inArray, isNull, lt, or } from "drizzle-orm";
import { notify } from "../notify/notify.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import { agents, zones } from "./schema.ts";

export const lookForOfflineEveryMs = 60_000;

/** A host that restarts for an update is back before. */
export const offlineForLongMs = 15 * 60_000;
/** Of one organisation a turn: a site that goes dark is one notice, and the rest of a larger one comes a minute later. */
const agentsAtOnce = 1_000;
/** Named in the notice. */
const namedMax = 10;

/** Every minute. @param since when this hub began to listen: before that it could hear nobody. */
export async function noticeOffline({ db, clock }: { db: Database; clock: Clock }, since: Date): Promise<void> {
  const now = clock.now();
  const before = new Date(now.getTime() - offlineForLongMs);
  if (since > before) return;
  await db.transaction(async (tx) => {
    const gone = await tx
      .select({ id: agents.id, orgId: agents.orgId, name: agents.name, zone: zones.name, lastSeenAt: agents.lastSeenAt })
      .from(agents)
      .innerJoin(zones, eq(zones.id, agents.zoneId))
      .where(
        and(
          eq(agents.online, false),
          isNull(agents.revokedAt),
          lt(agents.lastSeenAt, before),
          or(isNull(agents.offlineToldAt), gt(agents.lastSeenAt, agents.offlineToldAt)),
        ),
      )
      .orderBy(asc(agents.lastSeenAt))
      .limit(agentsAtOnce)
      .for("update", { of: agents, skipLocked: true });
    if (gone.length === 0) return;
    for (const [orgId, its] of Map.groupBy(gone, (agent) => agent.orgId)) {
      const named = its
        .slice(0, namedMax)
        .map(({ id, name, zone, lastSeenAt }) => ({ id, name, zone, since: (lastSeenAt ?? before).toISOString() }));
      await notify(tx, { kind: "agent.offline", orgId, data: { count: its.length, agents: named } }, now);
    }
    await tx
      .update(agents)
      .set({ offlineToldAt: now })
      .where(
        inArray(
          agents.id,
          gone.map(({ id }) => id),
        ),
      );
  });
}

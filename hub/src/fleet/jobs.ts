// Fleet's periodic work.
import { eq, lt, sql } from "drizzle-orm";
import type { FleetDeps } from "./deps.ts";
import { agents, fleetHistory } from "./schema.ts";

const quarterMs = 15 * 60_000;

/** Nobody is linked when the hub starts, whatever the rows say after a crash. */
export async function forgetLinks({ db }: FleetDeps): Promise<void> {
  await db.update(agents).set({ online: false, onlineSince: null }).where(eq(agents.online, true));
}

/** Every minute: agents heard since. One statement for all, since a write per heartbeat would be the busiest query of a large fleet. */
export async function noteSeen({ db, clock }: FleetDeps): Promise<void> {
  await db.update(agents).set({ lastSeenAt: clock.now() }).where(eq(agents.online, true));
}

/** Every minute: the current quarter's point of the fleet strip, and points older than two days go. */
export async function noteHistory({ db, clock }: FleetDeps): Promise<void> {
  const now = clock.now().getTime();
  const at = new Date(now - (now % quarterMs));
  await db.execute(sql`
    insert into ${fleetHistory} (org_id, at, online, offline)
    select org_id, ${at.toISOString()}::timestamptz, count(*) filter (where online), count(*) filter (where not online)
    from ${agents} where revoked_at is null group by org_id
    on conflict (org_id, at) do update set online = excluded.online, offline = excluded.offline`);
  await db.delete(fleetHistory).where(lt(fleetHistory.at, new Date(now - 48 * 3_600_000)));
}

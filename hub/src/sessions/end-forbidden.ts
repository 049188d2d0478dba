// Ends what is open and no longer allowed: after every change that may take access away, and every second, since grants also end by time.
import { and, eq, inArray } from "drizzle-orm";
import { mayGoOn, type OpenWork } from "../access/recheck.ts";
import type { SessionDeps } from "./deps.ts";
import { endSession } from "./end-session.ts";
import { type SessionRow, sessions } from "./schema.ts";

/** What of a session access is asked about. */
export const workOf = (row: SessionRow): OpenWork => ({ ...row, action: row.kind === "dial" ? "forward" : "connect" });

/**
 * When it resolves, nobody of the organisation (null: of any) is typing who may not. What lives in no hub process is looked at when its
 * agent is back: see on-hello.ts.
 */
export async function endForbidden(deps: SessionDeps, orgId: string | null): Promise<void> {
  const open = [...deps.live.all(), ...deps.dials.all()].map(({ id }) => id);
  if (open.length === 0) return;
  const rows = await deps.db
    .select()
    .from(sessions)
    .where(and(inArray(sessions.id, open), orgId === null ? undefined : eq(sessions.orgId, orgId)));
  const { on, personGone } = await mayGoOn(deps.db, rows.map(workOf), deps.clock.now());
  for (const { id } of rows)
    if (!on.has(id)) await endSession(deps, id, { reason: personGone.has(id) ? "ended-by-admin" : "grant-revoked", by: null });
}

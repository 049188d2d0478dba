// What waits for agents becomes offered, in one transaction for all that ask meanwhile: two pulls at once get different ones.
import { asc, eq, inArray, sql } from "drizzle-orm";
import { mayGoOn } from "../access/recheck.ts";
import { users } from "../identity/schema.ts";
import { gathered } from "../platform/gathered.ts";
import type { AutomationDeps, Offer, Pull } from "./deps.ts";
import { workOf } from "./end-forbidden-runs.ts";
import { executions, runs } from "./schema.ts";

/** Oldest first, at most `limit` of each agent. What its person may no longer run is among them, not `allowed`. */
export function takingQueued({ db, clock }: Pick<AutomationDeps, "db" | "clock">): (pull: Pull) => Promise<Offer[]> {
  return gathered(async (pulls) => {
    const offers = await db.transaction(async (tx) => {
      const taken = await tx.execute<{ id: string }>(queued(pulls, clock.now()));
      const ids = taken.map(({ id }) => id);
      if (ids.length === 0) return [];
      await tx.update(executions).set({ state: "offered", offeredAt: clock.now() }).where(inArray(executions.id, ids));
      return tx
        .select({ execution: executions, run: runs, person: users.name })
        .from(executions)
        .innerJoin(runs, eq(runs.id, executions.runId))
        .innerJoin(users, eq(users.id, runs.createdBy))
        .where(inArray(executions.id, ids))
        .orderBy(asc(executions.id));
    });
    const works = offers.map(({ execution, run }) => workOf(execution, run));
    const { on } = await mayGoOn(db, works, clock.now());
    // An agent that pulls twice within a batch gets all of it with the first.
    const given = new Set<string>();
    return pulls.map(({ agentId }) => {
      const first = !given.has(agentId);
      given.add(agentId);
      return first
        ? offers
            .filter(({ execution }) => execution.agentId === agentId)
            .map((offer) => ({ ...offer, allowed: on.has(offer.execution.id) }))
        : [];
    });
  });
}

function queued(pulls: Pull[], now: Date) {
  const limits = [...new Map(pulls.map((pull) => [pull.agentId, pull])).values()];
  return sql`
    select due.id
    from jsonb_to_recordset(${JSON.stringify(limits)}::text::jsonb) as pull("agentId" text, "limit" int)
    cross join lateral (
      select executions.id from executions join runs on runs.id = executions.run_id
      where executions.agent_id = pull."agentId" and executions.state = 'queued'
        and executions.stop_requested_at is null and runs.expires_at > ${now.toISOString()}::timestamptz
      order by executions.id
      limit pull."limit"
      for update of executions skip locked
    ) as due`;
}

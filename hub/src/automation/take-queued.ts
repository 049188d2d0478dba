// What waits for agents becomes offered, in one transaction for all that ask meanwhile: two pulls at once get different ones.
import { asc, eq, inArray, sql } from "drizzle-orm";
import { mayGoOn } from "../access/recheck.ts";
import { users } from "../identity/schema.ts";
import { gathered } from "../platform/gathered.ts";
import type { AutomationDeps, Offer, Pull } from "./deps.ts";
import { workOf } from "./end-forbidden-runs.ts";
import { executions, runs } from "./schema.ts";

/** Oldest first, of each agent at most what it has room for. What its person may no longer run is among them, not `allowed`. */
export function takingQueued({ db, clock }: Pick<AutomationDeps, "db" | "clock">): (pull: Pull) => Promise<Offer[]> {
  return gathered(async (pulls) => {
    const offers = await db.transaction(async (tx) => {
      const taken = await tx.execute<{ id: string; agentId: string }>(queued(pulls, clock.now()));
      if (taken.length === 0) return [];
      const ids = taken.map(({ id }) => id);
      await tx.execute(sql`
        update executions set state = 'offered', offered_at = ${clock.now().toISOString()}::timestamptz, agent_id = taken."agentId"
        from jsonb_to_recordset(${JSON.stringify(taken)}::text::jsonb) as taken(id text, "agentId" text) where executions.id = taken.id`);
      return tx
        .select({ execution: executions, run: runs, person: users.name, username: users.username })
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
            .map((offer) => ({ ...offer, execution: { ...offer.execution, agentId }, allowed: on.has(offer.execution.id) }))
        : [];
    });
  });
}

/**
 * What is of the agent's own host, and what of its zone nobody has taken, where the agent reaches neighbours; never more of a run at once than the run
 * allows through one agent. Two agents of a zone that ask together may be shown the same: the update gives it to one of them.
 */
function queued(pulls: Pull[], now: Date) {
  const asking = [...new Map(pulls.map((pull) => [pull.agentId, pull])).values()];
  const open = sql`e.state = 'queued' and e.stop_requested_at is null and e.expires_at > ${now.toISOString()}::timestamptz
    and (perAgent.most is null or perAgent.busy < perAgent.most)`;
  const waiting = sql`
    select e.id, perAgent.most - perAgent.busy as room, row_number() over (partition by e.run_id order by e.id) as nth
    from executions e join runs r on r.id = e.run_id
    cross join lateral (
      select (r.rolling->>'perAgent')::int as most, case when r.rolling ? 'perAgent' then (
        select count(*) from executions a where a.run_id = r.id and a.agent_id = agents.id
          and a.state in ('offered', 'claimed', 'running', 'stopping')) end as busy
    ) as perAgent`;
  return sql`
    select due.id, pull."agentId"
    from jsonb_to_recordset(${JSON.stringify(asking)}::text::jsonb) as pull("agentId" text, own int, neighbours int, files boolean, collects boolean)
    join agents on agents.id = pull."agentId"
    cross join lateral (
      select executions.id from executions
      where executions.state = 'queued' and executions.id in (
        select id from (
          (${waiting} where e.agent_id = agents.id and ${open} order by e.id limit pull.own)
          union all
          (${waiting} where e.agent_id is null and e.zone_id = agents.zone_id
            and not e.not_reached_by ? agents.id and (pull.files or r.files = '[]') and (pull.collects or r.artefacts = '[]')
            and ${open} order by e.id limit pull.neighbours)
        ) as candidates where room is null or nth <= room)
      order by executions.id
      limit pull.own + pull.neighbours
      for update of executions skip locked
    ) as due`;
}

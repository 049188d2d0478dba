// Agents that linked lately: what waits because nobody reached its server need not wait for the end of its pause.
import { type SQL, sql } from "drizzle-orm";
import type { AgentLinks } from "../fleet/links.ts";
import type { Clock } from "../platform/clock.ts";
import { databaseAccounts } from "./schema.ts";

/** An agent whose link comes and goes brings accounts forward once in so long. */
export const linkCountsEveryMs = 5_000;
/** A look that began before the agent linked may end as late as this, and knows nothing of the link. */
const keptMs = 60_000;

/** At most one entry for each agent of the fleet, for a minute. */
export class LinkedLately {
  readonly #clock: Clock;
  readonly #linkedAt = new Map<string, number>();
  readonly #stopListening: () => void;

  constructor({ links, clock }: { links: AgentLinks; clock: Clock }) {
    this.#clock = clock;
    this.#stopListening = links.onChange(({ agentId, online }) => {
      if (online) this.#note(agentId);
    });
  }

  /** A condition on accounts: the last look at one failed for want of a way there, and began before an agent that is one linked. Null: none did. */
  isReachedAgain(now: Date): SQL | null {
    for (const [agentId, at] of this.#linkedAt) if (at < now.getTime() - keptMs) this.#linkedAt.delete(agentId);
    const linked = [...this.#linkedAt].flatMap(([id, at]) => (at <= now.getTime() ? [{ id, at: new Date(at) }] : []));
    if (linked.length === 0) return null;
    return sql`${databaseAccounts.failure} in ('agent-offline', 'not-reached') and exists (
      select 1 from jsonb_to_recordset(${JSON.stringify(linked)}::text::jsonb) as linked(id text, at timestamptz)
      join agents g on g.id = linked.id join assets s on s.agent_id = g.id or (s.agent_id is null and s.zone_id = g.zone_id)
      where s.id = ${databaseAccounts.assetId} and ${databaseAccounts.lookedAt} <= linked.at)`;
  }

  close(): void {
    this.#stopListening();
  }

  #note(agentId: string): void {
    const now = this.#clock.now().getTime();
    const before = this.#linkedAt.get(agentId) ?? Number.NEGATIVE_INFINITY;
    // One that waits for its turn stands for all that come before it.
    if (before <= now) this.#linkedAt.set(agentId, Math.max(now, before + linkCountsEveryMs));
  }
}

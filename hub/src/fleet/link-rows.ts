// What links ask and tell of the agents' rows, for all that come and go at once.
import { inArray, sql } from "drizzle-orm";
import type { Database } from "../platform/database.ts";
import { gathered } from "../platform/gathered.ts";
import { type AgentRow, agents, type HostFacts } from "./schema.ts";

/** Of an agent's row, what a link needs for as long as it stands: there may be ten thousand. */
export type LinkingAgent = Pick<AgentRow, "id" | "orgId" | "name" | "publicKey" | "revokedAt" | "duplicateSeenAt">;

/** A link that stands: what its hello said. */
export type Linked = {
  agentId: string;
  since: Date;
  version: string;
  /** Null: as they were. */
  facts: HostFacts | null;
  address: string;
  transport: "mqtts" | "wss";
  clockSkewMs: number | null;
  /** Null: no duplicate was seen now. */
  duplicateAddresses: string[] | null;
};

export class LinkRows {
  /** Null when there is no such agent. */
  readonly agent: (id: string) => Promise<LinkingAgent | null>;
  /** Also true when the row is gone. */
  readonly isRevoked: (id: string) => Promise<boolean>;
  readonly linked: (link: Linked) => Promise<void>;
  /** Nothing happens to a row that a newer link has taken over. */
  readonly unlinked: (link: { agentId: string; since: Date; at: Date }) => Promise<void>;

  constructor(db: Database) {
    const { id, orgId, name, publicKey, revokedAt, duplicateSeenAt } = agents;
    this.agent = gathered(async (ids) => {
      const rows = await db
        .select({ id, orgId, name, publicKey, revokedAt, duplicateSeenAt })
        .from(agents)
        .where(inArray(agents.id, ids));
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((one) => found.get(one) ?? null);
    });
    this.isRevoked = gathered(async (ids) => {
      const rows = await db.select({ id, revokedAt }).from(agents).where(inArray(agents.id, ids));
      const standing = new Set(rows.filter((row) => row.revokedAt === null).map((row) => row.id));
      return ids.map((one) => !standing.has(one));
    });
    this.linked = gathered(async (links) => {
      await db.execute(linkedStatement(links));
      return links.map(() => undefined);
    });
    this.unlinked = gathered(async (links) => {
      await db.execute(sql`
        update agents set online = false, online_since = null, last_seen_at = gone.at
        from jsonb_to_recordset(${JSON.stringify(links)}::text::jsonb) as gone("agentId" text, since timestamptz, at timestamptz)
        where agents.id = gone."agentId" and agents.online_since = gone.since`);
      return links.map(() => undefined);
    });
  }
}

/** One statement; its one parameter is a JSON array, since a list of values would be a statement of its own for each length. */
function linkedStatement(links: Linked[]) {
  // An agent that links twice within a batch: the later link is the one that stands.
  const last = [...new Map(links.map((link) => [link.agentId, link])).values()];
  return sql`
    update agents set
      version = linked.version,
      facts = coalesce(linked.facts, agents.facts),
      online = true, online_since = linked.since, last_seen_at = linked.since,
      address = linked.address, transport = linked.transport, clock_skew_ms = linked."clockSkewMs",
      duplicate_seen_at = case when linked."duplicateAddresses" is null then agents.duplicate_seen_at else linked.since end,
      duplicate_addresses = coalesce(linked."duplicateAddresses", agents.duplicate_addresses)
    from jsonb_to_recordset(${JSON.stringify(last)}::text::jsonb) as linked(
      "agentId" text, since timestamptz, version text, facts jsonb, address text, transport text,
      "clockSkewMs" int, "duplicateAddresses" jsonb)
    where agents.id = linked."agentId"`;
}

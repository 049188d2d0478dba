// What fleet's use cases work with. Rooms above are reached through ports that hub.ts fills.

import type { Witnesses } from "../audit/witnesses.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, Transaction } from "../platform/database.ts";
import type { LinkRows } from "./link-rows.ts";
import type { AgentLinks } from "./links.ts";
import type { AgentRow } from "./schema.ts";

export type FleetDeps = {
  db: Database;
  clock: Clock;
  links: AgentLinks;
  linkRows: LinkRows;
  changes: Changes;
  witnesses: Witnesses;
  /** In the enrolment's transaction: what the new agent makes reachable. */
  onEnrolled(tx: Transaction, agent: AgentRow): Promise<void>;
  /** In the transaction that renames or moves an agent: what is called after it follows. */
  onChanged(tx: Transaction, agent: { id: string; name: string; zoneId: string }): Promise<void>;
  /** After the revocation's commit: end what ran through the agent. */
  onRevoked(agentId: string): Promise<void>;
};

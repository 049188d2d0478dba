// What sessions' use cases work with.
import type { Authorization } from "../access/authorize.ts";
import type { AgentLinks } from "../fleet/links.ts";
import type { Orders } from "../fleet/orders.ts";
import type { LogStore } from "../logs/log-store.ts";
import type { Neighbours } from "../neighbours/neighbours.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";
import type { TypedLine, Verdict } from "./line-gate.ts";
import type { LiveDials } from "./live-dial.ts";
import type { LiveSessions } from "./live-sessions.ts";
import type { SessionRow } from "./schema.ts";

/** What rules say; the room that keeps them fills it. */
export type SessionRules = {
  /** @throws HubError `rule-refused`, `review-needed`. */
  beforeOpening(authorization: Authorization, row: SessionRow): Promise<void>;
  /** Of terminals of one organisation those, by id, where any of them looks at what is typed. */
  lookedAt(rows: readonly SessionRow[]): Promise<Set<string>>;
  /** Never throws. */
  judge(row: SessionRow, line: TypedLine): Promise<Verdict>;
};

export type SessionDeps = {
  db: Database;
  /** Of an agent that links; asked for many at once. */
  unendedOf(agentId: string): Promise<SessionRow[]>;
  clock: Clock;
  log: Log;
  links: AgentLinks;
  orders: Orders;
  store: LogStore;
  live: LiveSessions;
  dials: LiveDials;
  neighbours: Neighbours;
  /** Where this hub listens: a connection from its own machine is trusted there more than one from outside. */
  ownPorts(): readonly number[];
  rules: SessionRules;
  changes: Changes;
  /** How long a terminal lives on after its last window closed. */
  detachGraceSeconds: number;
};

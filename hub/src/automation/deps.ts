// What automation's use cases work with.
import type { AgentLinks } from "../fleet/links.ts";
import type { Orders } from "../fleet/orders.ts";
import type { LogStore } from "../logs/log-store.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";
import type { ExecutionOutputs } from "./execution-output.ts";
import type { ExecutionRow } from "./schema.ts";
import type { ExecutionEnd } from "./settle.ts";
import type { Offer, Pull } from "./take-queued.ts";

export type AutomationDeps = {
  db: Database;
  /** Of an agent that links; asked for many at once. */
  unfinishedOf(agentId: string): Promise<ExecutionRow[]>;
  /** The end of an execution and what follows for its run; for many at once. */
  commitEnd(end: ExecutionEnd): Promise<void>;
  /** What waits becomes offered; for many agents at once. Most have nothing waiting, and after a restart all ask. */
  takeQueued(pull: Pull): Promise<Offer[]>;
  clock: Clock;
  log: Log;
  links: AgentLinks;
  orders: Orders;
  store: LogStore;
  outputs: ExecutionOutputs;
  changes: Changes;
};

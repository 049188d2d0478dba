// What the use cases of rules need from outside of their room.
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";

export type RuleDeps = {
  db: Database;
  clock: Clock;
  changes: Changes;
  log: Log;
  /** Terminals that are open: rules that came or went hold there, too. */
  guardTerminals(orgId: string): Promise<void>;
};

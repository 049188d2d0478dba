// What notify's use cases are handed.
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Vault } from "../platform/vault.ts";

export type NotifyDeps = {
  db: Database;
  clock: Clock;
  vault: Vault;
  /** Where people reach the hub, for links; without a slash at the end. Null when nobody told it: then messages have no link. */
  consoleUrl: string | null;
};

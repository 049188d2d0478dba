// What assets' use cases work with. Rooms above are reached through ports that hub.ts fills.
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Vault } from "../platform/vault.ts";

export type AssetDeps = {
  db: Database;
  clock: Clock;
  changes: Changes;
  vault: Vault;
  /** After the commit of what may take access from somebody: live sessions that are no longer allowed have ended when it resolves. */
  accessChanged(orgId: string): Promise<void>;
};

// What the use cases of scripts need from outside of their room.
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";

export type ScriptDeps = { db: Database; clock: Clock; changes: Changes };

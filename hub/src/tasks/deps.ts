// What the use cases of tasks need from outside of their room.
import type { AutomationDeps } from "../automation/deps.ts";
import type { Changes } from "../platform/changes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import type { Log } from "../platform/log.ts";

export type TaskDeps = { db: Database; clock: Clock; log: Log; changes: Changes; automation: AutomationDeps };

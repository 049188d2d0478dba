// Work on accounts as the console sees it.
import type { TaskRow } from "./schema.ts";

export const presentTask = ({ task, username }: { task: TaskRow; username: string }) => ({
  id: task.id,
  accountId: task.accountId,
  username,
  kind: task.kind,
  state: task.state,
  /** How the last attempt ended; null before the first. */
  code: task.code,
  agent: task.agent,
  attempts: task.attempts,
  by: task.byName,
  createdAt: task.createdAt.toISOString(),
  /** When a waiting one is tried next. */
  dueAt: task.dueAt.toISOString(),
  endedAt: task.endedAt?.toISOString() ?? null,
});

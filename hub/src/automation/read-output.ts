// The output of an execution as it stands now.
import type { LogFile } from "../logs/log-file.ts";
import { notFound } from "../platform/errors.ts";
import type { AutomationDeps } from "./deps.ts";
import type { ExecutionRow } from "./schema.ts";

/** Its log, for the caller to close; null when it never had one. @throws HubError `not-found` for one that retention has removed. */
export async function openLogOf(
  { outputs, store }: Pick<AutomationDeps, "outputs" | "store">,
  { id, logHead }: Pick<ExecutionRow, "id" | "logHead">,
): Promise<LogFile | null> {
  await outputs.get(id)?.log.flush(); // what was appended is readable at once
  if (store.exists(id)) return store.open(id);
  if (logHead !== null) throw notFound("output");
  return null;
}

// Tasks as the console and the API see them.
import type { presentRun } from "../automation/present.ts";
import type { FireRow } from "./schema.ts";
import type { TaskWithNames } from "./tasks.ts";

export const presentTask = (
  { task, script, owner }: TaskWithNames,
  lastRun: ReturnType<typeof presentRun> | null,
  mayChange: boolean,
) => ({
  id: task.id,
  name: task.name,
  description: task.description,
  state: task.state,
  archived: task.archivedAt !== null,
  script: { id: script.id, name: script.name, version: task.scriptVersion, latest: script.latest },
  schedule: task.schedule,
  nextFireAt: task.nextFireAt?.toISOString() ?? null,
  lastRun,
  owner: { id: task.ownerId, name: owner },
  createdAt: task.createdAt.toISOString(),
  updatedAt: task.updatedAt.toISOString(),
  mayChange,
});

/** What a form starts from. */
export const presentTaskFields = ({ task }: TaskWithNames) => ({
  parameters: task.parameters,
  files: task.files,
  artefacts: task.artefacts,
  targets: task.targets,
  account: task.account,
  rolling: task.rolling,
  timeoutSeconds: task.timeoutSeconds,
  expirySeconds: task.expirySeconds,
  misfire: task.misfire,
  overlap: task.overlap,
});

export const presentFire = (fire: FireRow) => ({
  id: fire.id,
  dueAt: fire.dueAt.toISOString(),
  decidedAt: fire.decidedAt.toISOString(),
  outcome: fire.outcome,
  reason: fire.reason,
  runId: fire.runId,
  more: fire.more,
});

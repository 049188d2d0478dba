// A run of a task: its targets resolved and authorised now, in the name of its owner.
import { actionsBeside, authorizeTargets } from "../automation/authorize-targets.ts";
import { insertRun } from "../automation/create-run.ts";
import type { Trigger } from "../automation/input.ts";
import { prepareFiles } from "../automation/prepare-files.ts";
import { prepareScript } from "../automation/prepare-script.ts";
import { type Released, tellAgents } from "../automation/tell-agents.ts";
import { type Actor, assertMay } from "../identity/actor.ts";
import type { Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { TaskDeps } from "./deps.ts";
import { lockTask } from "./manage-tasks.ts";
import { resolveTargets } from "./resolve-targets.ts";
import type { TaskRow } from "./schema.ts";
import { unfinishedRunsOf } from "./tasks.ts";
import { TurnMemory } from "./turn-memory.ts";

/** Kept of the refusals; the page shows no more, and the count is whole. */
const refusalsKept = 1_000;

/**
 * Now, by its owner. Two at once see each other: the second waits for the first, and finds its run.
 *
 * @throws HubError `not-found`, `forbidden`, `archived`, `run-going-on` when a run is going on and the task forbids two at once, as startTask().
 */
export async function runTaskNow(deps: TaskDeps, actor: Actor, id: string): Promise<string> {
  assertMay(actor, "run.start");
  const { runId, released } = await deps.db.transaction(async (tx) => {
    const task = await lockTask(tx, actor, id);
    if (task.ownerId !== actor.id)
      throw new HubError("forbidden", "A task runs in its owner's name. Change or clone it, then it is yours to run.", {
        facts: { permission: "run.start" },
      });
    if (task.overlap !== "parallel" && (await unfinishedRunsOf(tx, id)).length > 0)
      throw new HubError(
        "run-going-on",
        "A run of this task is going on. Stop it, wait for it, or let the task run in parallel.",
      );
    return startTask(deps, tx, actor, task, "person");
  });
  await tellAgents(deps.automation, released);
  deps.changes.announce(actor.orgId, "runs");
  deps.changes.announce(actor.orgId, "tasks", id);
  return runId;
}

/**
 * In the caller's transaction.
 *
 * @param owner the task's owner, as who he is now.
 * @param memory of the turn in which others are due, too.
 * @throws HubError `no-targets` when there is nothing to run on, `forbidden`, `not-found`, `bad-parameter`, `archived`, `storage-full`.
 */
export async function startTask(
  deps: TaskDeps,
  tx: Transaction,
  owner: Actor,
  task: TaskRow,
  trigger: Trigger,
  memory = new TurnMemory(),
): Promise<{ runId: string; released: Released[] }> {
  const { scriptId, scriptVersion, parameters, timeoutSeconds, expirySeconds, account, rolling } = task;
  const kept = { scriptId, version: scriptVersion ?? undefined, parameters };
  const script = await memory.once(["script", task.orgId, owner.id, kept], () => prepareScript(tx, owner, kept));
  const beside = actionsBeside({ ...task, fileParameters: script.files });
  const { ids, allowed, refused } = await memory.once(
    ["targets", task.orgId, owner.id, task.targets, task.account, beside],
    async () => {
      const ids = await resolveTargets(tx, task.orgId, task.targets);
      const authorized = await authorizeTargets({ db: tx, clock: deps.clock }, owner, ids, task.account, beside);
      return { ids, ...authorized };
    },
  );
  if (allowed.length === 0)
    throw new HubError(
      "no-targets",
      ids.length === 0
        ? "The targets of this task mean no asset now."
        : `The owner of this task may run on none of its ${ids.length} targets.`,
      { facts: { targets: ids.length } },
    );
  const run = {
    ...script,
    title: task.name,
    trigger,
    taskId: task.id,
    timeoutSeconds,
    expirySeconds,
    account,
    rolling,
    files: await prepareFiles(tx, owner, task.files, script.files),
    artefacts: task.artefacts,
    approved: null,
    refused: refused.slice(0, refusalsKept).map(({ assetId, name, why }) => ({ assetId, name, code: why.code })),
  };
  const { id: runId, released } = await insertRun(deps.automation, tx, owner, run, allowed);
  return { runId, released };
}

// A run once more, on some of its machines: the same text, arguments and parameters, as a run of its own.
import { type Actor, assertMay } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import { actionsBeside, authorizeTargets } from "./authorize-targets.ts";
import { insertRun } from "./create-run.ts";
import type { AutomationDeps } from "./deps.ts";
import { assetsOfRun } from "./executions.ts";
import type { RunAgain } from "./input.ts";
import { askedFiles, prepareFiles } from "./prepare-files.ts";
import { visibleRun } from "./runs.ts";
import { tellAgents } from "./tell-agents.ts";

/** Kept of the refusals; the page shows no more. */
const refusalsKept = 1_000;

/**
 * What the script is, the earlier run says: a version that came since, or an archived script, changes nothing. Who may run where is asked anew, of the
 * person who asks.
 *
 * @throws HubError `not-found`, `no-targets` when none of these has ended or may be run on, `forbidden` for another's run that was given secrets,
 *   `storage-full`, `no-agent`.
 */
export async function runAgain(deps: AutomationDeps, actor: Actor, input: RunAgain): Promise<string> {
  assertMay(actor, "run.start");
  const { id } = input;
  const { run } = await visibleRun(deps.db, actor, id);
  if (run.createdBy !== actor.id && Object.keys(run.secrets).length > 0)
    throw new HubError("forbidden", "Its secrets were chosen by somebody else. Start a run of your own.", {
      facts: { permission: "run.start" },
    });
  const assetIds = await assetsOfRun(deps.db, input);
  const { placed, parameters } = askedFiles(run.files);
  const files = await prepareFiles(deps.db, actor, placed, parameters);
  const { allowed, refused } = await authorizeTargets(deps, actor, assetIds, run.account, actionsBeside(run));
  if (allowed.length === 0)
    throw new HubError("no-targets", "There is nothing to run again: nothing of this has ended, or you may not run on it.", {
      facts: { targets: assetIds.length },
    });
  const again = {
    name: null,
    scriptId: run.scriptId,
    version: run.scriptVersion,
    interpreter: run.interpreter,
    body: run.script,
    arguments: run.args,
    environment: run.env,
    parameters: run.parameters,
    secrets: run.secrets,
    files,
    artefacts: run.artefacts,
    title: run.title,
    trigger: "again" as const,
    taskId: run.taskId,
    timeoutSeconds: run.timeoutSeconds,
    expirySeconds: run.expirySeconds,
    account: run.account,
    rolling: run.rolling,
    approved: null,
    refused: refused.slice(0, refusalsKept).map(({ assetId, name, why }) => ({ assetId, name, code: why.code })),
  };
  const made = await deps.db.transaction((tx) => insertRun(deps, tx, actor, again, allowed));
  await tellAgents(deps, made.released);
  deps.changes.announce(actor.orgId, "runs", made.id);
  return made.id;
}

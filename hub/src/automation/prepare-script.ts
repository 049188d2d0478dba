// The script of a run, whole: written for it, or kept before with its parameters filled in. A run of files alone has an empty one, for no interpreter.
import { findAssets } from "../assets/assets.ts";
import type { Actor } from "../identity/actor.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { ParameterValues } from "../scripts/input.ts";
import { assertKnownInterpreter } from "../scripts/manage-scripts.ts";
import { assetsNamed, bindParameters } from "../scripts/parameters.ts";
import { findVersion } from "../scripts/scripts.ts";
import type { CreateRun } from "./input.ts";
import { assertTrustedVersion } from "./script-secrets.ts";

export type ReadyScript = {
  /** Null for one that was written for this run. */
  name: string | null;
  scriptId: string | null;
  version: number | null;
  interpreter: string;
  body: string;
  arguments: string[];
  environment: Record<string, string>;
  /** As they were filled in. */
  parameters: ParameterValues;
  /** By the variable that gets it, the account whose secret it is. */
  secrets: Record<string, string>;
  /** By the variable that gets its path, the kept file. */
  files: Record<string, string>;
};

const noScript = { name: null, scriptId: null, version: null, parameters: {}, secrets: {}, files: {} };

type Kept = { scriptId: string; version?: number | undefined; parameters: ParameterValues };

/**
 * @throws HubError `not-found`, `bad-parameter`, `bad-input` for an interpreter that is not there, `archived` for an archived script,
 *   `forbidden` for secrets to a newest version of somebody who may not be shown them.
 */
export async function prepareScript(db: Queryable, actor: Actor, input: CreateRun | Kept): Promise<ReadyScript> {
  if (!("scriptId" in input || "script" in input))
    return { ...noScript, interpreter: "", body: "", arguments: [], environment: {} };
  if ("script" in input) {
    const { interpreter, script, args, env } = input;
    await assertKnownInterpreter(db, actor.orgId, interpreter);
    return { ...noScript, interpreter, body: script, arguments: args, environment: env };
  }
  const { script, version } = await findVersion(db, actor, input.scriptId, input.version ?? null);
  if (script.archivedAt !== null)
    throw new HubError("archived", "This script is archived. Take it out of the archive to run it again.");
  await assertKnownInterpreter(db, actor.orgId, version.interpreter);
  const ids = assetsNamed(version.parameters, input.parameters);
  const named = new Map((await findAssets(db, actor.orgId, ids)).map(({ asset }) => [asset.id, asset.address || asset.name]));
  const bound = bindParameters(version.parameters, input.parameters, (id) => named.get(id));
  if (input.version === undefined && Object.keys(bound.secrets).length > 0) await assertTrustedVersion(db, actor, version);
  return {
    name: script.name,
    scriptId: script.id,
    version: version.number,
    interpreter: version.interpreter,
    body: version.body,
    parameters: input.parameters,
    ...bound,
  };
}

// Begins to receive an execution's output, or goes on with it after a restart of the hub.
import { inArray } from "drizzle-orm";
import { assets } from "../assets/schema.ts";
import type { LogWriterEvents } from "../logs/log-writer.ts";
import type { Queryable } from "../platform/database.ts";
import { gatheredRows } from "../platform/gathered.ts";
import { errorFields } from "../platform/log.ts";
import { artefactLogOf } from "./artefact-log.ts";
import type { AutomationDeps } from "./deps.ts";
import { ExecutionOutput } from "./execution-output.ts";
import type { TakenExecution } from "./schema.ts";

export async function openOutput(
  deps: AutomationDeps,
  execution: TakenExecution,
  stream: number,
  mayExist: boolean,
): Promise<ExecutionOutput> {
  const held = deps.outputs.get(execution.id);
  if (held !== undefined) {
    held.join(deps.links.streamsOf(execution.agentId)); // a handshake in between may have dropped the stream
    return held;
  }
  const events = {
    onFailure: (error: Error) => deps.log.error({ execution: execution.id, ...errorFields(error) }, "output cannot be stored"),
    withoutRoom: "wait" as const,
  };
  const startedAt = deps.clock.now().toISOString();
  // A crash between claim and log leaves no file: then there is nothing to go on with.
  const begin = (id: string, onDurable: LogWriterEvents["onDurable"]) =>
    mayExist && deps.store.exists(id)
      ? deps.store.reopen(id, { ...events, onDurable })
      : deps.store.create(id, { startedAt, columns: 0, rows: 0 }, { ...events, onDurable });
  const hostNames = await deps.hostNamesOf(execution.assetId);
  const log = await begin(execution.id, (output, stderr) => deps.outputs.get(execution.id)?.onDurable(output, stderr));
  const artefacts =
    execution.artefacts === null
      ? null
      : await begin(artefactLogOf(execution.id), (bytes) => deps.outputs.get(execution.id)?.onArtefactsDurable(bytes)).catch(
          async (error: unknown) => {
            await log.close(); // nobody will write to it, and the next try opens it again
            throw error;
          },
        );
  const output = new ExecutionOutput({
    executionId: execution.id,
    agentId: execution.agentId,
    hostNames,
    stream,
    log,
    artefacts,
    clock: deps.clock,
    onGrowth: () => deps.changes.announce(execution.orgId, "execution", execution.id),
  });
  deps.outputs.add(output);
  output.join(deps.links.streamsOf(execution.agentId));
  return output;
}

/** Of many assets that are asked for at once with one statement: a run over ten thousand begins them all in a moment. */
export function findingHostNames(db: Queryable): AutomationDeps["hostNamesOf"] {
  const rowsOf = gatheredRows(
    (ids) => db.select({ id: assets.id, name: assets.name, address: assets.address }).from(assets).where(inArray(assets.id, ids)),
    ({ id }) => id,
  );
  return async (assetId) => (await rowsOf(assetId)).flatMap(({ name, address }) => [name, address]);
}

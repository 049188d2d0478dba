// Begins to receive an execution's output, or goes on with it after a restart of the hub.

import { errorFields } from "../platform/log.ts";
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
    onDurable: (output: number, stderr: number) => deps.outputs.get(execution.id)?.onDurable(output, stderr),
    onFailure: (error: Error) => deps.log.error({ execution: execution.id, ...errorFields(error) }, "output cannot be stored"),
    withoutRoom: "wait" as const,
  };
  const startedAt = deps.clock.now().toISOString();
  const create = () => deps.store.create(execution.id, { startedAt, columns: 0, rows: 0 }, events);
  // A crash between claim and log leaves no file: then there is nothing to go on with.
  const log = mayExist && deps.store.exists(execution.id) ? await deps.store.reopen(execution.id, events) : await create();
  const output = new ExecutionOutput({
    executionId: execution.id,
    agentId: execution.agentId,
    stream,
    log,
    clock: deps.clock,
    onGrowth: () => deps.changes.announce(execution.orgId, "execution", execution.id),
  });
  deps.outputs.add(output);
  output.join(deps.links.streamsOf(execution.agentId));
  return output;
}

// An agent asks for work: it gets what waits for it, as signed offers. Asking twice is harmless.

import { executionOutputBytesMax, offersPerPullMax, packetBytesMax } from "@sallyport/protocol/limits";
import { encodeDown, type wire } from "@sallyport/protocol/wire";
import type { AutomationDeps } from "./deps.ts";
import { forbidden } from "./end-forbidden-runs.ts";
import { settleExecution } from "./settle.ts";

/** Offers of one packet, with room for the envelope. */
const offersBytesMax = packetBytesMax - 64 * 1024;

export async function onRunPull(deps: AutomationDeps, agentId: string, pull: wire.RunPull.$Properties): Promise<void> {
  const limit = Math.min(Math.max(0, pull.max ?? 0), offersPerPullMax);
  if (limit === 0) return;
  const taken = await deps.takeQueued({ agentId, neighbours: deps.links.processOf(agentId)?.ssh ?? false, limit });
  let offers: wire.SignedOrder.$Properties[] = [];
  let bytes = 0;
  const send = () => {
    deps.links.get(agentId)?.send({ runOffers: { offers } });
    offers = [];
    bytes = 0;
  };
  for (const { execution, run, person, allowed } of taken) {
    if (!allowed) {
      await settleExecution(deps, execution, forbidden);
      continue;
    }
    const { signed } = await deps.orders.sign(agentId, {
      runScript: {
        executionId: execution.id,
        attempt: execution.attempt,
        interpreter: run.interpreter,
        script: Buffer.from(run.script),
        scriptSha256: Buffer.from(run.scriptHash, "hex"),
        arguments: run.args,
        environment: run.env,
        timeoutSeconds: run.timeoutSeconds,
        outputBytesMax: executionOutputBytesMax,
        person,
      },
    });
    const size = encodeDown({ order: signed }).length;
    if (bytes + size > offersBytesMax) send();
    offers.push(signed);
    bytes += size;
  }
  send(); // an empty answer is one too: the agent waits for it before it asks again
  for (const { run } of taken) deps.changes.announce(run.orgId, "runs", run.id);
}

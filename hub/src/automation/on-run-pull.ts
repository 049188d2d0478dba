// An agent asks for work: it gets what waits for it, as signed offers. Asking twice is harmless.

import { executionOutputBytesMax, offersPerPullMax, packetBytesMax } from "@sallyport/protocol/limits";
import { encodeDown, type wire } from "@sallyport/protocol/wire";
import type { OrderPayload } from "../fleet/orders.ts";
import { HubError } from "../platform/errors.ts";
import type { AutomationDeps, Offer } from "./deps.ts";
import { forbidden } from "./end-forbidden-runs.ts";
import { scriptAccount } from "./script-account.ts";
import { settleExecution } from "./settle.ts";

/** Offers of one packet, with room for the envelope. */
const offersBytesMax = packetBytesMax - 64 * 1024;

export async function onRunPull(deps: AutomationDeps, agentId: string, pull: wire.RunPull.$Properties): Promise<void> {
  const equip = deps.links.processOf(agentId)?.equip ?? false;
  const room = (asked: number | null | undefined) => Math.min(Math.max(0, asked ?? 0), offersPerPullMax);
  const [own, neighbours] = [room(pull.max), equip ? room(pull.neighboursMax) : 0];
  if (own + neighbours === 0) return;
  const taken = await deps.takeQueued({ agentId, own, neighbours });
  let offers: wire.SignedOrder.$Properties[] = [];
  let bytes = 0;
  const send = () => {
    deps.links.get(agentId)?.send({ runOffers: { offers } });
    offers = [];
    bytes = 0;
  };
  for (const offer of taken) {
    if (!offer.allowed) {
      await settleExecution(deps, offer.execution, forbidden);
      continue;
    }
    const payload = await payloadOf(deps, offer, equip).catch(async (error: unknown) => {
      if (!(error instanceof HubError)) throw error;
      await settleExecution(deps, offer.execution, { reason: "refused", message: error.message });
      return null;
    });
    if (payload === null) continue;
    const { signed } = await deps.orders.sign(agentId, payload);
    const size = encodeDown({ order: signed }).length;
    if (bytes + size > offersBytesMax) send();
    offers.push(signed);
    bytes += size;
  }
  send(); // an empty answer is one too: the agent waits for it before it asks again
  for (const { run } of taken) deps.changes.announce(run.orgId, "runs", run.id);
}

/**
 * What is not for the agent's own host and its environment alone is an order of another kind, which only agents that know it follow.
 *
 * @throws HubError when it can run nowhere as it is: no account, no SSH, an agent that is too old.
 */
async function payloadOf(
  { db }: AutomationDeps,
  { execution, run, person, username }: Offer,
  equip: boolean,
): Promise<OrderPayload> {
  const script = {
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
  };
  const secrets = Object.keys(run.secrets);
  if (execution.zoneId === null && secrets.length === 0) return { runScript: script };
  if (!equip)
    throw new HubError("agent-refused", "The agent is too old for scripts with secrets. Install the newer agent.", {
      facts: { reason: "too-old" },
    });
  if (execution.zoneId === null) return { runEquippedScript: { ...script, secrets } };
  const { neighbour } = await scriptAccount(db, execution, username);
  return { runEquippedScript: { ...script, secrets, neighbour } };
}

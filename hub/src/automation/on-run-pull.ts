// An agent asks for work: it gets what waits for it, as signed offers. Asking twice is harmless.

import { executionOutputBytesMax, offersPerPullMax, packetBytesMax } from "@sallyport/protocol/limits";
import { scriptFilePrefix } from "@sallyport/protocol/script-files";
import { encodeDown, type wire } from "@sallyport/protocol/wire";
import type { OrderPayload } from "../fleet/orders.ts";
import { HubError } from "../platform/errors.ts";
import { wireApproval } from "./approval.ts";
import type { AutomationDeps, Offer } from "./deps.ts";
import { forbidden } from "./end-forbidden-runs.ts";
import type { RunFile } from "./input.ts";
import { scriptAccount } from "./script-account.ts";
import { settleExecution } from "./settle.ts";

/** Offers of one packet, with room for the envelope. */
const offersBytesMax = packetBytesMax - 64 * 1024;

export async function onRunPull(deps: AutomationDeps, agentId: string, pull: wire.RunPull.$Properties): Promise<void> {
  const {
    equip = false,
    files = false,
    artefacts = false,
    neighbourArtefacts: collects = false,
    approvals = false,
    approvedOnly = false,
  } = deps.links.processOf(agentId) ?? {};
  const room = (asked: number | null | undefined) => Math.min(Math.max(0, asked ?? 0), offersPerPullMax);
  const [own, neighbours] = [room(pull.max), equip ? room(pull.neighboursMax) : 0];
  if (own + neighbours === 0) return;
  const taken = await deps.takeQueued({ agentId, own, neighbours, files, collects });
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
    const payload = await payloadOf(deps, offer, { equip, files, artefacts, approvals, approvedOnly }).catch(
      async (error: unknown) => {
        if (!(error instanceof HubError)) throw error;
        await settleExecution(deps, offer.execution, {
          reason: error.code === "approval-missing" ? "approval-missing" : "refused",
          message: error.message,
        });
        return null;
      },
    );
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
  knows: { equip: boolean; files: boolean; artefacts: boolean; approvals: boolean; approvedOnly: boolean },
): Promise<OrderPayload> {
  const files = run.files.map((file) => located(file, execution));
  const script = {
    executionId: execution.id,
    attempt: execution.attempt,
    interpreter: run.interpreter,
    script: Buffer.from(run.script),
    scriptSha256: Buffer.from(run.scriptHash, "hex"),
    arguments: run.args,
    environment: { ...run.env, ...pathsOf(files) },
    timeoutSeconds: run.timeoutSeconds,
    outputBytesMax: executionOutputBytesMax,
    person,
  };
  const secrets = Object.keys(run.secrets);
  const isPlain = execution.zoneId === null && secrets.length === 0 && run.files.length + run.artefacts.length === 0;
  if (run.approval === null && knows.approvedOnly)
    throw new HubError(
      "approval-missing",
      "The owner of this host lets scripts run only with an approval, which nobody here can change. Ask for one under Requests.",
    );
  if (run.approval !== null && !knows.approvals) throw tooOld("approvals, and is given no script that needs one");
  if (isPlain && run.approval === null) return { runScript: script };
  if (run.artefacts.length > 0 && !knows.artefacts) throw tooOld("collecting files");
  if (!isPlain && !knows.equip) throw tooOld("scripts with secrets");
  if (run.files.length > 0 && !knows.files) throw tooOld("files");
  const way = execution.zoneId === null ? {} : { neighbour: (await scriptAccount(db, execution, username)).neighbour };
  const equipped = { ...script, ...way, secrets };
  const withFiles = { ...equipped, files: files.map(wireFileOf) };
  if (run.approval !== null)
    return { runApprovedScript: { ...withFiles, artefacts: run.artefacts, approval: wireApproval(run.approval) } };
  if (run.artefacts.length > 0) return { runScriptAndCollect: { ...withFiles, artefacts: run.artefacts } };
  return run.files.length > 0 ? { runScriptWithFiles: withFiles } : { runEquippedScript: equipped };
}

/** The value of a parameter lies where it is this execution's alone. */
const located = (file: RunFile, { id: executionId, attempt }: Pick<Offer["execution"], "id" | "attempt">): RunFile =>
  file.variable === undefined ? file : { ...file, path: `${scriptFilePrefix({ executionId, attempt })}${file.variable}` };

const pathsOf = (files: RunFile[]): Record<string, string> =>
  Object.fromEntries(files.flatMap(({ variable, path }) => (variable === undefined ? [] : [[variable, path] as const])));

const tooOld = (what: string): HubError =>
  new HubError("agent-refused", `The agent is too old for ${what}. Install the newer agent.`, { facts: { reason: "too-old" } });

const wireFileOf = ({ sha256, sizeBytes, path, mode, owner, group, existing }: RunFile): wire.FileToPlace.$Properties => ({
  sha256: Buffer.from(sha256, "hex"),
  size: sizeBytes,
  path,
  mode: Number.parseInt(mode, 8),
  owner,
  group,
  keep: existing === "keep",
});

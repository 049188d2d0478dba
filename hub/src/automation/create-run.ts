// Starts a run: one row, and one execution per asset. The agents are told to look; the rows are the queue.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import type { Authorization } from "../access/authorize.ts";
import type { AssetInZone } from "../assets/assets.ts";
import { recordAudit } from "../audit/record-audit.ts";
import type { AgentRow } from "../fleet/schema.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { HubError } from "../platform/errors.ts";
import type { AutomationDeps } from "./deps.ts";
import type { CreateRun } from "./input.ts";
import { executions, runs } from "./schema.ts";

/** Offline hosts are waited for this long; then the execution says `expired`. */
const expiryMs = 3_600_000;

/**
 * @param authorizations one per asset, made by authorize(): the input's asset ids are not looked at here.
 * @throws HubError `storage-full`.
 */
export async function createRun(
  deps: AutomationDeps,
  actor: Actor,
  input: CreateRun,
  authorizations: Authorization[],
): Promise<string> {
  deps.store.room.assertMayBegin();
  const hosts = authorizations.map(({ target }) => ({ assetId: target.asset.id, agentId: ownAgentOf(target).id }));
  const now = deps.clock.now();
  const id = newId("run", now.getTime());
  const scriptHash = createHash("sha256").update(input.script).digest("hex");
  const title = input.title || firstLine(input.script);
  await deps.db.transaction(async (tx) => {
    await tx.insert(runs).values({
      id,
      orgId: actor.orgId,
      title,
      script: input.script,
      scriptHash,
      interpreter: input.interpreter,
      args: input.args,
      env: input.env,
      timeoutSeconds: input.timeoutSeconds,
      state: "queued",
      createdBy: actor.id,
      address: actor.ip,
      createdAt: now,
      expiresAt: new Date(now.getTime() + expiryMs),
    });
    await tx.insert(executions).values(
      hosts.map((host) => ({
        id: newId("exe", now.getTime()),
        orgId: actor.orgId,
        runId: id,
        ...host,
        state: "queued" as const,
      })),
    );
    await recordAudit(tx, {
      kind: "run.created",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "run", id, name: title },
      ip: actor.ip,
      data: { interpreter: input.interpreter, scriptHash, assets: authorizations.length },
    });
  });
  for (const agentId of new Set(hosts.map((host) => host.agentId))) deps.links.get(agentId)?.send({ runLook: {} });
  deps.changes.announce(actor.orgId, "runs", id);
  return id;
}

/** Scripts run where an agent is. @throws HubError `no-agent`. */
function ownAgentOf({ asset, agent }: AssetInZone): AgentRow {
  if (agent !== null) return agent;
  throw new HubError("no-agent", `Scripts run on hosts that have an agent; ${asset.name} has none. Install one there.`, {
    facts: { asset: asset.name },
  });
}

/** What a run is called when nobody named it: its script's first line that says something. */
function firstLine(script: string): string {
  const line = script
    .split("\n")
    .map((text) => text.trim())
    .find((text) => text !== "" && !text.startsWith("#!"));
  return (line ?? "script").replace(/\p{Cc}/gu, " ").slice(0, 80);
}

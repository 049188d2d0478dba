// Starts a run: one row, and one execution per asset. The agents are told to look; the rows are the queue.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import type { Authorization } from "../access/authorize.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { inPieces, type Transaction } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { AutomationDeps } from "./deps.ts";
import type { CreateRun, KeptApproval, Refused, Rolling, RunFile, Trigger } from "./input.ts";
import { prepareFiles } from "./prepare-files.ts";
import type { ReadyScript } from "./prepare-script.ts";
import { refreshRun } from "./refresh-run.ts";
import { executions, runs } from "./schema.ts";
import { assertMayUseSecrets } from "./script-secrets.ts";
import { type Released, tellAgents } from "./tell-agents.ts";
import { tellOfStart } from "./tell-of-run.ts";

/** Everything about a run but its targets. */
export type NewRun = Omit<ReadyScript, "files"> & {
  title: string;
  trigger: Trigger;
  taskId: string | null;
  timeoutSeconds: number;
  expirySeconds: number;
  account: string;
  rolling: Rolling | null;
  refused: Refused[];
  files: RunFile[];
  artefacts: string[];
  /** Under which approval; null: under grants. */
  approved: { ticketId: string; bound: string; approval: KeptApproval } | null;
};

/**
 * @param script of the input, by prepareScript().
 * @param authorizations one per asset, made by authorize(): the input's asset ids are not looked at here.
 * @throws HubError `storage-full`, `no-agent`, `forbidden` for secrets that the person may not reveal; `bad-input`, `not-found` for a file
 *   that was kept, `conflict` for a file that is still coming.
 */
export async function createRun(
  deps: AutomationDeps,
  actor: Actor,
  input: CreateRun,
  script: ReadyScript,
  authorizations: Authorization[],
): Promise<string> {
  const { timeoutSeconds, expirySeconds, account, rolling = null } = input;
  const limits = { timeoutSeconds, expirySeconds, account, rolling };
  const files = await prepareFiles(deps.db, actor, input.files, script.files);
  const title =
    input.title ||
    script.name ||
    firstLine(script.body) ||
    files
      .map(({ name }) => name)
      .join(", ")
      .slice(0, 200);
  const artefacts = "artefacts" in input ? input.artefacts : [];
  const run = {
    ...script,
    ...limits,
    title,
    files,
    artefacts,
    trigger: "person" as const,
    taskId: null,
    refused: [],
    approved: null,
  };
  const { id, released } = await deps.db.transaction((tx) => insertRun(deps, tx, actor, run, authorizations));
  await tellAgents(deps, released);
  deps.changes.announce(actor.orgId, "runs", id);
  return id;
}

/** In the caller's transaction; what is `released` is for tellAgents() after its commit. @throws HubError `storage-full`, `no-agent`; `forbidden`, `bad-parameter` for secrets. */
export async function insertRun(
  deps: Pick<AutomationDeps, "clock" | "store">,
  tx: Transaction,
  actor: Actor,
  run: NewRun,
  authorizations: Authorization[],
): Promise<{ id: string; released: Released[] }> {
  deps.store.room.assertMayBegin();
  await assertMayUseSecrets(tx, actor, run.secrets);
  const collects = run.artefacts.length > 0;
  const hosts = authorizations.map(hostOf);
  const now = deps.clock.now();
  const id = newId("run", now.getTime());
  const scriptHash = createHash("sha256").update(run.body).digest("hex");
  const [made] = await tx
    .insert(runs)
    .values({
      id,
      orgId: actor.orgId,
      title: run.title,
      trigger: run.trigger,
      taskId: run.taskId,
      scriptId: run.scriptId,
      scriptVersion: run.version,
      parameters: run.parameters,
      script: run.body,
      scriptHash,
      interpreter: run.interpreter,
      args: run.arguments,
      env: run.environment,
      secrets: run.secrets,
      ticketId: run.approved?.ticketId ?? null,
      bound: run.approved?.bound ?? null,
      approval: run.approved?.approval ?? null,
      files: run.files,
      artefacts: run.artefacts,
      timeoutSeconds: run.timeoutSeconds,
      expirySeconds: run.expirySeconds,
      account: run.account,
      rolling: run.rolling,
      refused: run.refused,
      state: "queued",
      createdBy: actor.id,
      address: actor.ip,
      createdAt: now,
    })
    .returning();
  const waiting =
    run.rolling === null
      ? { state: "queued" as const, releasedAt: now, expiresAt: new Date(now.getTime() + run.expirySeconds * 1_000) }
      : { state: "held" as const };
  const rows = hosts.map((host, position) => ({
    id: newId("exe", now.getTime()),
    orgId: actor.orgId,
    runId: id,
    position,
    ...host,
    artefacts: collects ? { bytes: 0, listed: [], unlisted: 0 } : null,
    ...waiting,
  }));
  // On one connection, one behind the other; nobody waits for an answer before he asks the next.
  const inserted = inPieces(rows, rowsPerInsert).map((piece) => tx.insert(executions).values(piece));
  const recorded = recordAudit(tx, {
    kind: "run.created",
    orgId: actor.orgId,
    actor: auditActor(actor),
    subject: { kind: "run", id, name: run.title },
    ip: actor.ip,
    data: {
      interpreter: run.interpreter,
      scriptHash,
      assets: hosts.length,
      refused: run.refused.length,
      trigger: run.trigger,
      files: run.files.map(({ sha256, path, variable }) => `${sha256} ${variable ?? path}`).join("\n"),
      artefacts: run.artefacts.join("\n"),
    },
  });
  const told = made === undefined ? null : tellOfStart(tx, made, { by: actor.name, targets: hosts.length }, now);
  await Promise.all([...inserted, recorded, told]);
  // All of it waits for its agents already, and the row says so.
  return { id, released: run.rolling === null ? hosts : await refreshRun(deps, tx, id) };
}

/** PostgreSQL takes 65,535 parameters in one statement. */
const rowsPerInsert = 4_000;

/** Scripts run where an agent is, or where one reaches over SSH. @throws HubError `no-agent`. */
function hostOf({ target: { asset, agent, zone }, as }: Authorization) {
  const accountChoice = as.account?.id ?? as.choice;
  if (agent !== null) return { assetId: asset.id, agentId: agent.id, zoneId: null, accountChoice };
  if (asset.protocols.some(({ name }) => name === "ssh"))
    return { assetId: asset.id, agentId: null, zoneId: zone.id, accountChoice };
  throw new HubError("no-agent", `Scripts run on hosts that have an agent or SSH; ${asset.name} has neither.`, {
    facts: { asset: asset.name },
  });
}

/** What a run is called when nobody named it: its script's first line that says something. */
function firstLine(script: string): string {
  const line = script
    .split("\n")
    .map((text) => text.trim())
    .find((text) => text !== "" && !text.startsWith("#!"));
  return (line ?? "").replace(/\p{Cc}/gu, " ").slice(0, 80);
}

// What people approve when they approve a script, in two shapes: a digest that the grant is bound to, and the signed message that agents check.
import { createHash } from "node:crypto";
import { encodeApproval, scriptInputsHash, targetHash } from "@sallyport/protocol/approvals";
import { approvalTargetsMax } from "@sallyport/protocol/limits";
import type { wire } from "@sallyport/protocol/wire";
import { and, eq, inArray, isNull } from "drizzle-orm";
import { chooseAccount } from "../access/authorize-all.ts";
import { findAssets } from "../assets/assets.ts";
import { accounts } from "../assets/schema.ts";
import { agents } from "../fleet/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import type { KeptApproval, RunFile } from "./input.ts";
import type { ReadyScript } from "./prepare-script.ts";
import { scriptAccount } from "./script-account.ts";

/** All that decides what a run does, but for where. */
export type BoundScript = Pick<ReadyScript, "interpreter" | "body" | "arguments" | "environment" | "secrets"> & {
  files: RunFile[];
  artefacts: string[];
  timeoutSeconds: number;
  account: string;
};

const scriptHash = ({ body }: Pick<BoundScript, "body">): Buffer => createHash("sha256").update(body).digest();

const inputsHash = ({ interpreter, environment, secrets, files, artefacts, timeoutSeconds, ...script }: BoundScript): Buffer =>
  scriptInputsHash({
    interpreter,
    arguments: script.arguments,
    environment,
    secrets: Object.keys(secrets),
    files: files.map(({ sha256, path, mode, owner, group, existing }) => ({
      sha256,
      path,
      mode: Number.parseInt(mode, 8),
      owner,
      group,
      keep: existing === "keep",
    })),
    artefacts,
    timeoutSeconds,
  });

/** The same for two runs that do the same as the same account with the secrets of the same accounts, and for no others. Hex. */
export function boundOf(script: BoundScript): string {
  const secrets = Object.entries(script.secrets).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([scriptHash(script).toString("hex"), inputsHash(script).toString("hex"), script.account, secrets]);
  return createHash("sha256").update(text).digest("hex");
}

export type ApprovedRun = {
  ticketId: string;
  orgId: string;
  hubId: string;
  script: BoundScript;
  assetIds: readonly string[];
  /** User name of the person in whose name it runs, for `@same-name`. */
  username: string;
  from: Date;
  until: Date;
  runsMax: number;
  votes: { userId: string; at: Date }[];
};

/**
 * The bytes that are signed.
 *
 * @throws HubError `not-found`, `no-account`, `no-agent` for an asset that no agent reaches, `too-many` where the places are more than an approval names.
 */
export async function approvalBytes(db: Queryable, approved: ApprovedRun): Promise<Uint8Array> {
  const targets = await placesOf(db, approved);
  if (targets.length > approvalTargetsMax)
    throw new HubError("too-many", `One approval names at most ${approvalTargetsMax} places. Ask for fewer assets at a time.`);
  return encodeApproval({
    ticketId: approved.ticketId,
    hubId: approved.hubId,
    scriptSha256: scriptHash(approved.script),
    inputsSha256: inputsHash(approved.script),
    targets,
    notBeforeMs: approved.from.getTime(),
    notAfterMs: approved.until.getTime(),
    runsMax: approved.runsMax,
    votes: approved.votes.map(({ userId, at }) => ({ userId, atMs: at.getTime() })),
  });
}

/** An agent's own host is one place; a neighbour is one for each agent of its zone, since any of them may take it. */
async function placesOf(db: Queryable, { orgId, script, assetIds, username }: ApprovedRun): Promise<Uint8Array[]> {
  const found = await findAssets(db, orgId, [...assetIds]);
  const vault = await db
    .select()
    .from(accounts)
    .where(inArray(accounts.assetId, [...assetIds]));
  const places: Uint8Array[] = [];
  for (const target of found) {
    const { asset, agent, zone } = target;
    if (asset.retiredAt !== null) throw notFound("asset");
    if (agent !== null) {
      places.push(targetHash(agent.id, null));
      continue;
    }
    const { choice, account } = chooseAccount(target, script.account, vault);
    const accountChoice = account?.id ?? choice;
    const { neighbour } = await scriptAccount(db, { orgId, assetId: asset.id, accountChoice }, username);
    const inZone = await db
      .select({ id: agents.id })
      .from(agents)
      .where(and(eq(agents.zoneId, zone.id), isNull(agents.revokedAt)));
    if (inZone.length === 0)
      throw new HubError("no-agent", `No agent reaches ${asset.name}: its zone has none.`, { facts: { asset: asset.name } });
    for (const { id } of inZone) places.push(targetHash(id, neighbour));
  }
  return places;
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, "base64");

export const wireApproval = ({ approval, signature, passkeys }: KeptApproval): wire.SignedApproval.$Properties => ({
  approval: bytesOf(approval),
  signature: bytesOf(signature),
  passkeys: passkeys.map((one) => ({
    authenticatorData: bytesOf(one.authenticatorData),
    clientData: bytesOf(one.clientData),
    signature: bytesOf(one.signature),
  })),
});

// Was just this approved? Everything that decides what runs is compared with what people saw; a byte that differs and it does not run.
import type { KeyObject } from "node:crypto";
import { approvalChallenge, readApproval, scriptInputsHash, targetHash } from "@sallyport/protocol/approvals";
import { isId } from "@sallyport/protocol/ids";
import { approvalPasskeysMax, approvalRunsMax } from "@sallyport/protocol/limits";
import { isWireNumber, type wire } from "@sallyport/protocol/wire";
import type { Policy } from "../policy.ts";
import { isSignedBy } from "./passkey-signature.ts";
import type { RunOrder } from "./run-order.ts";

export type ApprovalRefusal = "approval-missing" | "approval-does-not-fit" | "approval-over";

/** What is counted of an approval. target: hex. */
export type Approved = { ticketId: string; target: string; runsMax: number; notAfterMs: number };

export type ApprovalVerdict =
  /** approved: null where none was needed and none came. */
  { ok: true; approved: Approved | null } | { ok: false; code: ApprovalRefusal; why: string };

export type ApprovalRules = {
  agentId: string;
  hubId: string;
  hubKey: KeyObject;
  policy: Policy;
  /** The hub's clock as this agent knows it, and this host's own: of a hub that lies about the time the second is left. */
  nowMs: number;
  wallMs: number;
};

/** @param signed what came with the order; undefined for an order of a kind that has none. */
export function checkApproval(
  run: RunOrder,
  order: wire.RunScript.$Properties,
  signed: wire.SignedApproval.$Properties | null | undefined,
  { agentId, hubId, hubKey, policy, nowMs, wallMs }: ApprovalRules,
): ApprovalVerdict {
  const refuse = (code: ApprovalRefusal, why: string): ApprovalVerdict => ({ ok: false, code, why });
  const differs = (what: string) => refuse("approval-does-not-fit", `What was approved is not this: ${what}.`);
  if (signed === undefined)
    return policy.scripts === "approved"
      ? refuse("approval-missing", "The owner of this host lets scripts run only with an approval. Ask for one.")
      : { ok: true, approved: null };
  if (signed === null) return refuse("approval-missing", "The order carries no approval.");
  const approval = readApproval(signed, hubKey);
  if (approval === null)
    return refuse("approval-does-not-fit", "The approval is not signed by the hub this agent enrolled with.");
  const { ticketId, notBeforeMs, notAfterMs, runsMax } = approval;
  if (!isId("tkt", ticketId) || approval.hubId !== hubId) return differs("it is of another hub");
  if (!isWireNumber(notBeforeMs) || !isWireNumber(notAfterMs) || runsMax < 1 || runsMax > approvalRunsMax)
    return differs("its dates or its number of runs cannot be");
  if (!same(approval.scriptSha256, order.scriptSha256)) return differs("the script is another");
  if (!same(approval.inputsSha256, scriptInputsHash(run)))
    return differs("interpreter, arguments, variables, files or limits are others");
  const target = targetHash(agentId, run.neighbour);
  if (!approval.targets.some((one) => same(one, target))) return differs("it was not for this place, or not as this account");
  if (nowMs < notBeforeMs) return differs("its time has not come");
  if (nowMs > notAfterMs) return refuse("approval-over", "The time that was approved is over. Ask again.");
  if (policy.approvers.length > 0) {
    // A host that pins people trusts no hub, so neither the hub's clock alone.
    if (wallMs > notAfterMs + skewMsMax)
      return refuse("approval-over", "By this host's clock the time that was approved is over.");
    const challenge = approvalChallenge(signed.approval ?? new Uint8Array());
    const signatures = (signed.passkeys ?? []).slice(0, approvalPasskeysMax);
    if (!policy.approvers.some((approver) => signatures.some((one) => isSignedBy(approver, one, challenge))))
      return refuse("approval-does-not-fit", "Nobody whom the owner of this host named has signed the approval with a passkey.");
  }
  return { ok: true, approved: { ticketId, target: target.toString("hex"), runsMax, notAfterMs } };
}

/** Clocks of hosts are this far apart, as for orders. */
const skewMsMax = 5 * 60_000;

const same = (a: Uint8Array, b: Uint8Array | null | undefined): boolean =>
  a.length === 32 && Buffer.from(a).equals(Buffer.from(b ?? []));

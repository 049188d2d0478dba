// Offered executions: each is journalled before it is claimed, and none is run because of an offer alone. An offer that comes twice is
// answered from the journal.
import type { wire } from "@sallyport/protocol/wire";
import { accepted, type Outcome, refused } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";
import { buildTask } from "../run/build-task.ts";
import { checkApproval } from "../run/check-approval.ts";
import { endedWithoutOutput } from "../run/exit-record.ts";
import { scriptOf } from "../run/journal.ts";
import { executionKeyOf, type OfferKind, type RunOrder, readRunOrder } from "../run/run-order.ts";
import { answerOrder, orFailed, replayed } from "./order.ts";

type OfferParts = Pick<
  AgentParts,
  "approvalUses" | "clock" | "config" | "gate" | "identity" | "hubKey" | "journal" | "link" | "log" | "policy" | "runs"
>;

export function onRunOffers(parts: OfferParts, { offers }: wire.RunOffers.$Properties): void {
  let taken = 0;
  for (const offer of offers ?? []) if (takeOffer(parts, offer)) taken++;
  parts.runs.pulled(taken);
}

/** False when there is nothing new in it. */
function takeOffer(parts: OfferParts, signed: wire.SignedOrder.$Properties): boolean {
  const refuse = (sequence: number, outcome: Outcome): false => {
    answerOrder(parts, sequence, outcome);
    return false;
  };
  const { approvalUses, config, gate, journal, runs } = parts;
  const checked = gate.check(signed);
  if (!checked.ok) return refuse(checked.sequence, checked.outcome);
  const { order } = checked;
  const script = scriptOf(order);
  const key = script === null ? null : executionKeyOf(script);
  if (script === null || key === null) return refuse(order.sequence, refused("malformed", "The offer names no execution."));
  const known = runs.get(key);
  if (known !== undefined) {
    runs.repeat(known);
    return false;
  }
  if (gate.wasTaken(order.sequence)) return refuse(order.sequence, replayed);
  const free = script.neighbour ? runs.freeNeighbourSlots : runs.freeSlots;
  if (free < 1) return refuse(order.sequence, refused("busy", "This agent runs as many scripts as it may."));
  const outcome = orFailed(() => {
    gate.take(order.sequence);
    const read = readRunOrder(script, key, kindOf(order));
    const end = (why: string, refusal?: string) =>
      runs.add(journal.addEnded(order, key, endedWithoutOutput("refused", Date.now(), why, refusal)));
    if (!read.ok) {
      end(read.why);
      return accepted;
    }
    const verdict = approvalOf(parts, order, script, read.run);
    if (!verdict.ok) end(verdict.why, verdict.code);
    else if (verdict.approved !== null && !approvalUses.take(verdict.approved, key))
      end("It was approved for fewer runs than were begun here. Ask again.", "approval-over");
    else runs.add(journal.add(order, key, buildTask(read.run, config), read.run.script));
    return accepted;
  });
  return outcome.accepted || refuse(order.sequence, outcome);
}

function approvalOf(
  { clock, identity, hubKey, policy }: OfferParts,
  order: wire.Order,
  script: wire.RunScript.$Properties,
  run: RunOrder,
) {
  const signed = order.runApprovedScript ? (order.runApprovedScript.approval ?? null) : undefined;
  const { agentId, hubId } = identity;
  return checkApproval(run, script, signed, { agentId, hubId, hubKey, policy, nowMs: clock.now(), wallMs: Date.now() });
}

function kindOf(order: wire.Order): OfferKind {
  if (order.runApprovedScript) return "approved";
  if (order.runScriptAndCollect) return "collecting";
  if (order.runScriptWithFiles) return "with-files";
  return order.runEquippedScript ? "equipped" : "plain";
}

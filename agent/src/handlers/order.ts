// A signed order: checked, taken once, done, answered. One delivered twice is answered twice and done once.
import type { wire } from "@sallyport/protocol/wire";
import { reasonOf } from "../log.ts";
import { type Outcome, refused } from "../orders/order-gate.ts";
import type { AgentParts } from "../parts.ts";
import { onCancelRun } from "./cancel-run.ts";
import { onEquipRun } from "./equip-run.ts";
import { onOpenDial } from "./open-dial.ts";
import { onOpenExec } from "./open-exec.ts";
import { onOpenShell } from "./open-shell.ts";
import { onOpenSshShell } from "./open-ssh-shell.ts";

export function onOrder(parts: AgentParts, signed: wire.SignedOrder.$Properties): void {
  const checked = parts.gate.check(signed);
  if (!checked.ok) {
    answerOrder(parts, checked.sequence, checked.outcome);
    return;
  }
  const { sequence } = checked.order;
  const outcome = follow(parts, checked.order);
  if (outcome instanceof Promise) void outcome.then((late) => answerOrder(parts, sequence, late));
  else answerOrder(parts, sequence, outcome);
}

function follow(parts: AgentParts, order: wire.Order): Outcome | Promise<Outcome> {
  const { gate } = parts;
  const earlier = gate.outcomeOf(order.sequence);
  if (earlier !== null) return earlier;
  if (gate.wasTaken(order.sequence)) return replayed;
  const outcome = orFailed(() => {
    gate.take(order.sequence);
    return act(parts, order);
  });
  const settled = outcome instanceof Promise ? outcome.catch(failed) : outcome;
  gate.settle(order.sequence, settled);
  return settled;
}

/** A full disk, no process ids left: the person who asked hears it, and what runs already goes on. */
export function orFailed<Answer extends Outcome | Promise<Outcome>>(act: () => Answer): Answer | Outcome {
  try {
    return act();
  } catch (error) {
    return failed(error);
  }
}

const failed = (error: unknown): Outcome => refused("failed", `This host could not do it: ${reasonOf(error)}.`);

export const replayed: Outcome = refused("replayed", "This order was taken before.");

export function answerOrder({ link, log }: Pick<AgentParts, "link" | "log">, sequence: number, outcome: Outcome): void {
  if (!outcome.accepted) log.warn(`order ${sequence} refused: ${outcome.code}`);
  if (sequence > 0) link.send({ orderOutcome: { sequence, ...outcome } });
}

function act(parts: AgentParts, order: wire.Order): Outcome | Promise<Outcome> {
  if (order.openShell) return onOpenShell(parts, order.sequence, order.openShell);
  if (order.openSshShell) return onOpenSshShell(parts, order.sequence, order.openSshShell);
  if (order.openDial) return onOpenDial(parts, order.sequence, order.openDial);
  if (order.openExec) return onOpenExec(parts, order.sequence, order.openExec);
  if (order.cancelRun) return onCancelRun(parts, order.cancelRun);
  if (order.openFile) return parts.transfers.openFile(order.sequence, order.openFile);
  if (order.equipRun) return onEquipRun(parts, order.sequence, order.equipRun);
  if (order.runScript || order.runEquippedScript || order.runScriptWithFiles || order.runScriptAndCollect)
    return refused("policy", "A script comes as an offer, not as an order of its own.");
  return refused("malformed", "The order asks for something this agent does not know. A newer agent may.");
}

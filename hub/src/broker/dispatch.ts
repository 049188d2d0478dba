// From an agent's control message to the room it concerns. Only a switch: what a message means is in the rooms.
import type { UpMessage, wire } from "@sallyport/protocol/wire";
import type { AutomationDeps } from "../automation/deps.ts";
import { onFileNeeds, onFileProgress } from "../automation/on-file-needs.ts";
import { onRunClaim, onRunStarted } from "../automation/on-run-claim.ts";
import { onRunNeeds } from "../automation/on-run-needs.ts";
import { onRunPull } from "../automation/on-run-pull.ts";
import { onRunResult } from "../automation/on-run-result.ts";
import type { FleetDeps } from "../fleet/deps.ts";
import { onInventory } from "../fleet/on-hello.ts";
import type { Orders } from "../fleet/orders.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { onEchoChanged } from "../sessions/on-echo-changed.ts";
import type { MqttLink } from "./mqtt-link.ts";

export type DispatchDeps = { fleet: FleetDeps; automation: AutomationDeps; sessions: SessionDeps; orders: Orders };

export async function dispatch(
  deps: DispatchDeps,
  link: MqttLink,
  message: Exclude<UpMessage, { body: "hello" }>,
): Promise<void> {
  const { agentId } = link;
  switch (message.body) {
    case "heartbeat":
      return onHeartbeat(deps, link, message.value);
    case "orderOutcome": {
      const { sequence, accepted, code, message: text } = message.value;
      return deps.orders.onOutcome(agentId, sequence ?? 0, {
        accepted: accepted === true,
        code: (code ?? "").slice(0, 64),
        message: (text ?? "").slice(0, 512),
      });
    }
    case "inventory":
      return onInventory(deps.fleet, agentId, message.value);
    case "runPull":
      return onRunPull(deps.automation, agentId, message.value);
    case "runClaim":
      return onRunClaim(deps.automation, agentId, message.value);
    case "runNeeds":
      return onRunNeeds(deps.automation, agentId, message.value);
    case "fileNeeds":
      return onFileNeeds(deps.automation, agentId, message.value);
    case "fileProgress":
      return onFileProgress(deps.automation, agentId, message.value);
    case "runStarted":
      return onRunStarted(deps.automation, agentId, message.value);
    case "runResult":
      return onRunResult(deps.automation, agentId, message.value);
    case "echoChanged":
      return onEchoChanged(deps.sessions, agentId, message.value);
    case "hostKey":
      return deps.sessions.neighbours.onHostKey(agentId, message.value);
    case "signRequest":
      return deps.sessions.neighbours.onSignRequest(agentId, message.value);
  }
}

/** The commonest message of a quiet fleet: 667 a second of ten thousand agents. */
export function onHeartbeat(
  { fleet: { links, clock, changes, witnesses } }: Pick<DispatchDeps, "fleet">,
  link: MqttLink,
  heartbeat: wire.Heartbeat.$Properties,
): void {
  const auditHead = witnesses.headFor(link.orgId, link.auditSeqSent);
  link.auditSeqSent = auditHead?.seq ?? link.auditSeqSent;
  link.sendUnacknowledged({
    heartbeatEcho: {
      sentUs: heartbeat.sentUs ?? 0,
      hubTimeMs: clock.now().getTime(),
      intervalMs: links.heartbeatIntervalMs,
      ...(auditHead === null ? {} : { auditHead }),
    },
  });
  const us = heartbeat.roundTripUs ?? 0;
  if (us === 0) return;
  links.noteRoundTrip(link.agentId, { at: clock.now(), us });
  changes.announce(link.orgId, "agents", link.agentId);
}

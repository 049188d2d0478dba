// The handshake: hello in, everything brought in step, welcome out, then frames may flow.

import type { wire } from "@sallyport/protocol/wire";
import type { AutomationDeps } from "../automation/deps.ts";
import { onHello as reconcileRuns } from "../automation/on-hello.ts";
import type { FleetDeps } from "../fleet/deps.ts";
import type { Duplicates } from "../fleet/duplicates.ts";
import type { LinkingAgent } from "../fleet/link-rows.ts";
import { onHello as noteAgent } from "../fleet/on-hello.ts";
import type { SessionDeps } from "../sessions/deps.ts";
import { onWelcomed, onHello as reconcileSessions } from "../sessions/on-hello.ts";
import type { MqttLink } from "./mqtt-link.ts";

export type LinkedDeps = {
  fleet: FleetDeps & { duplicates: Duplicates };
  sessions: SessionDeps;
  automation: AutomationDeps;
  hubId: string;
  node: string;
};

export async function onLinked(
  deps: LinkedDeps,
  agent: LinkingAgent,
  link: MqttLink,
  hello: wire.Hello.$Properties,
): Promise<void> {
  const { fleet } = deps;
  // An older link of this agent must not speak while its streams are brought in step.
  fleet.links.get(agent.id)?.close("replaced");
  const streams = () => fleet.links.knownStreamsOf(agent.id);
  streams()?.detach();
  await noteAgent({ ...fleet, hubId: deps.hubId }, agent, link, hello);
  const sessionPositions = await reconcileSessions(deps.sessions, agent, hello.streams ?? []);
  const { positions, verdicts } = await reconcileRuns(deps.automation, agent.id, hello);
  const surviving = [...sessionPositions, ...positions];
  const kept = new Set(surviving.map((position) => position.stream));
  for (const end of [...(streams()?.streams() ?? [])]) if (!kept.has(end.stream)) streams()?.remove(end.stream);

  const auditHead = fleet.witnesses.headFor(agent.orgId, link.auditSeqSent);
  link.auditSeqSent = auditHead?.seq ?? link.auditSeqSent;
  link.beginFrames(deps.node);
  await link.sendAndWait({
    welcome: {
      hubId: deps.hubId,
      node: deps.node,
      hubTimeMs: fleet.clock.now().getTime(),
      heartbeatIntervalMs: fleet.links.heartbeatIntervalMs,
      streams: surviving,
      journal: verdicts,
      ...(auditHead === null ? {} : { auditHead }),
    },
  });
  if (link.ended !== null) return;
  fleet.links.attach(link);
  link.onDrain(() => streams()?.flush());
  onWelcomed(deps.sessions, hello.streams ?? []);
  fleet.changes.announce(agent.orgId, "agents", agent.id);
  fleet.changes.announce(agent.orgId, "assets");
  fleet.changes.announce(agent.orgId, "enrolment");

  // Revoked between sign-in and now: the revocation closed the links it knew, this one it did not.
  if (await fleet.linkRows.isRevoked(agent.id)) link.close("revoked");
}

// Our heartbeat came back, with the hub's time: a clock that was set there must not make its orders look old or early.
import type { wire } from "@sallyport/protocol/wire";
import { heartbeatIntervalMsMin } from "../heartbeat.ts";
import type { AgentParts } from "../parts.ts";

export function onHeartbeatEcho(
  { heartbeat, clock, auditHeads }: Pick<AgentParts, "heartbeat" | "clock" | "auditHeads">,
  { sentUs, hubTimeMs, intervalMs, auditHead }: wire.HeartbeatEcho.$Properties,
): void {
  heartbeat.echo(sentUs ?? 0);
  if (intervalMs) heartbeat.changeInterval(Math.max(heartbeatIntervalMsMin, intervalMs));
  if ((hubTimeMs ?? 0) > 0) clock.set(hubTimeMs ?? 0);
  auditHeads.note(auditHead);
}

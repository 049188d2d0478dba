// Our heartbeat came back.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";

export function onHeartbeatEcho({ heartbeat }: Pick<AgentParts, "heartbeat">, { sentUs }: wire.HeartbeatEcho.$Properties): void {
  heartbeat.echo(sentUs ?? 0);
}

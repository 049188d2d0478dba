// An agent says how one of its terminals treats what is typed. Idempotent; a terminal that is not this agent's, or has ended, is passed over.
import { isWireNumber, type wire } from "@sallyport/protocol/wire";
import type { LiveSessions } from "./live-sessions.ts";

export function onEchoChanged(
  { live }: { live: LiveSessions },
  agentId: string,
  { stream, outputOffset, echo, canonical }: wire.EchoChanged.$Properties,
): void {
  const offset = outputOffset ?? 0;
  if (!isWireNumber(offset)) return;
  const session = live.ofAgent(agentId).find(({ end }) => end.stream === (stream ?? 0));
  session?.echo.heard({ echo: echo === true, canonical: canonical === true, offset });
}

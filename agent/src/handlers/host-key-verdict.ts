// The hub's word on a neighbour's key. Anything but a clear yes is a no.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";

export function onHostKeyVerdict(
  { asks }: Pick<AgentParts, "asks">,
  { sequence, trusted }: wire.HostKeyVerdict.$Properties,
): void {
  asks.onVerdict(sequence ?? 0, trusted === true);
}

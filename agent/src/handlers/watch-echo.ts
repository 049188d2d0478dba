// The hub needs to know how a terminal echoes, or no longer does. Repeated: answered again.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";

export function onWatchEcho({ sessions }: Pick<AgentParts, "sessions">, { stream, on }: wire.WatchEcho.$Properties): void {
  sessions.watchEcho(stream ?? 0, on === true);
}

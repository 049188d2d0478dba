// The hub wants this link gone: it shuts down, is overloaded, or has a second agent with our identity.
import type { wire } from "@sallyport/protocol/wire";
import type { AgentParts } from "../parts.ts";

/** A hub cannot send an agent away for longer than this: terminals would be given up meanwhile. */
const awayMsMax = 5 * 60_000;

export function onGoaway({ link, log }: Pick<AgentParts, "link" | "log">, { afterMs, reason }: wire.Goaway.$Properties): void {
  log.warn(`the hub asked us to leave: ${reason ?? ""}`);
  link.goAway(Math.min(awayMsMax, afterMs ?? 0));
}

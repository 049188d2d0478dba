// Grave acts ask again who is there: a browser left open, or a stolen cookie, must not be enough.
import { HubError } from "../platform/errors.ts";
import type { Actor } from "./actor.ts";

/** How long showing a second factor, or the password, counts. */
export const freshMs = 10 * 60_000;

/**
 * Call before a grave act.
 * @throws HubError `confirm-first` when the person behind the browser has not shown a factor lately. An access key never has: such acts
 *   are for people.
 */
export function freshMfa(actor: Actor, now: Date): void {
  const shown = actor.via.kind === "session" ? actor.via.confirmedAt : null;
  if (shown !== null && now.getTime() - shown.getTime() < freshMs) return;
  throw new HubError("confirm-first", "Confirm first that it is you, in the console; then do it again.");
}

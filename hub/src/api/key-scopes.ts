// What each scope of an access key opens. A key without scopes opens what its person may, but never what is for keys alone.
import { type Actor, assertWhole } from "../identity/actor.ts";
import type { KeyScope } from "../identity/input.ts";

const reading = ["tickets.list", "tickets.get", "databases.ofTicket"];
export const keyScopeProcedures: Record<KeyScope, readonly string[]> = {
  "tickets.read": reading,
  "tickets.on-behalf": [...reading, "ticketDesk.open", "ticketDesk.decide", "tickets.comment", "tickets.withdraw", "tickets.end"],
  "access.at-once": [...reading, "ticketDesk.giveServers", "ticketDesk.giveDatabases", "tickets.end"],
};

/** @param procedure by its dotted name. @throws HubError `key-scope`. */
export function assertInScope(actor: Actor, procedure: string): void {
  const scopes = actor.via.kind === "key" ? actor.via.scopes : null;
  if (scopes?.some((scope) => keyScopeProcedures[scope].includes(procedure)) !== true) assertWhole(actor);
}

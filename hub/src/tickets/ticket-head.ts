// What every audit event about a ticket begins with.
import { type Actor, auditActor } from "../identity/actor.ts";
import type { TicketRow } from "./schema.ts";

/**
 * By what way somebody acts. via: `session`, `key`, `link` of a mail, or `behalf` of another system; key: its id; by: whose key it is, where another
 * system acts in somebody's name.
 */
export const wayOf = ({ via }: Pick<Actor, "via">): { via: string; key: string; by: string } => ({
  via: via.kind,
  key: "keyId" in via ? via.keyId : "",
  by: via.kind === "behalf" ? via.by.name : "",
});

export const ticketHead = (actor: Actor | null, { id, orgId, title }: Pick<TicketRow, "id" | "orgId" | "title">) => ({
  orgId,
  actor: actor === null ? null : auditActor(actor),
  subject: { kind: "ticket" as const, id, name: title },
  ip: actor?.ip ?? null,
});

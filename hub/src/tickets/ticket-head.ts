// What every audit event about a ticket begins with.
import { type Actor, auditActor } from "../identity/actor.ts";
import type { TicketRow } from "./schema.ts";

export const ticketHead = (actor: Actor | null, { id, orgId, title }: Pick<TicketRow, "id" | "orgId" | "title">) => ({
  orgId,
  actor: actor === null ? null : auditActor(actor),
  subject: { kind: "ticket" as const, id, name: title },
  ip: actor?.ip ?? null,
});

// Another system asks and decides in the name of people: with a key that was made for it, and as if they had done it themselves, so that whoever may not
// decide does not by this way either. On record is the person, and with it the key and whose it is.

import { assertKeyFor } from "../identity/access-keys.ts";
import { actAs } from "../identity/act-as.ts";
import type { Actor } from "../identity/actor.ts";
import { findMemberNamed } from "../identity/members.ts";
import { decideTicket } from "./decide-ticket.ts";
import type { TicketDeps } from "./deps.ts";
import type { DecideFor, OpenFor } from "./input.ts";
import { openTicket } from "./open-ticket.ts";

/** @throws HubError `key-scope`, `not-found` for the person, and as openTicket(). */
export async function openFor(deps: TicketDeps, system: Actor, { requester, ...fields }: OpenFor): Promise<string> {
  return openTicket(deps, await inNameOf(deps, system, requester), { ...fields, submit: true });
}

/** @throws HubError `key-scope`, `not-found` for the person, and as decideTicket(): `own-request` also when the key is that of whoever asked. */
export async function decideFor(deps: TicketDeps, system: Actor, { person, ...decision }: DecideFor): Promise<void> {
  await decideTicket(deps, await inNameOf(deps, system, person), decision);
}

async function inNameOf({ db, clock }: TicketDeps, system: Actor, name: string): Promise<Actor> {
  const { keyId } = assertKeyFor(system, "tickets.on-behalf");
  const now = clock.now();
  const { id } = await findMemberNamed(db, system.orgId, name, now);
  const via = { kind: "behalf" as const, keyId, by: { id: system.id, name: system.name } };
  return { ...(await actAs(db, system.orgId, id, via, now)), ip: system.ip };
}

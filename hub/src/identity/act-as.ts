// Somebody in whose name the hub acts while he is not there: the owner of what runs by schedule, as who he is at that moment.
import type { Queryable } from "../platform/database.ts";
import { HubError } from "../platform/errors.ts";
import type { Actor } from "./actor.ts";
import { findMember } from "./members.ts";
import { mayAct } from "./person-state.ts";

/** @throws HubError `owner-gone` for who is no member any more, disabled or expired. */
export async function actAs(db: Queryable, orgId: string, userId: string, via: Actor["via"], now: Date): Promise<Actor> {
  const member = await findMember(db, orgId, userId);
  if (member === null || !mayAct(member, now))
    throw new HubError(
      "owner-gone",
      "The person in whose name this runs may do nothing any more. Somebody else must take it over.",
    );
  const { id, name, username, email, role, permissions, systemAdmin } = member;
  return { id, name, username, email, role, permissions, orgId, systemAdmin, ip: null, via };
}

// People of one's own organisation by a piece of their name: to name a substitute, a manager, an owner. Everybody may, so it tells names and nothing else.
import { and, asc, eq, ilike, isNull, or } from "drizzle-orm";
import type { Queryable } from "../platform/database.ts";
import { likeOf } from "../platform/paging.ts";
import type { FindColleagues } from "./input.ts";
import { belongs, membership } from "./members.ts";
import { organisationMembers, users } from "./schema.ts";

/** Who does not find somebody types more; and nobody reads the whole staff list from it. */
const foundMax = 20;

/** By name: those whose name or user name holds `search`, or the one with this id. Nobody for an empty search. */
export function findColleagues(
  db: Queryable,
  orgId: string,
  { search, id }: FindColleagues,
): Promise<{ id: string; name: string; username: string }[]> {
  if (search === "" && id === undefined) return Promise.resolve([]);
  return db
    .select({ id: users.id, name: users.name, username: users.username })
    .from(users)
    .leftJoin(organisationMembers, membership(orgId))
    .where(
      and(
        belongs(orgId),
        id === undefined ? isNull(users.disabledAt) : eq(users.id, id),
        id === undefined ? or(ilike(users.name, likeOf(search)), ilike(users.username, likeOf(search))) : undefined,
      ),
    )
    .orderBy(asc(users.name), asc(users.id))
    .limit(foundMax);
}

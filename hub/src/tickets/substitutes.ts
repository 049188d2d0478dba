// Who stands in for whom, as the person himself sees it.
import { and, asc, eq, gt, or } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { substitutes } from "./schema.ts";

type StandIn = { id: string; name: string; from: string; until: string };

/** One's own substitute, and those whom one stands in for, now or later; nothing that is over. */
export async function substituteOf(
  db: Queryable,
  { id, orgId }: Pick<Actor, "id" | "orgId">,
  now: Date,
): Promise<{ substitute: StandIn | null; standsInFor: StandIn[] }> {
  const rows = await db
    .select({
      by: substitutes.substituteId,
      for: substitutes.userId,
      name: users.name,
      from: substitutes.from,
      until: substitutes.until,
    })
    .from(substitutes)
    // The other one of the two.
    .innerJoin(
      users,
      or(
        and(eq(substitutes.userId, id), eq(users.id, substitutes.substituteId)),
        and(eq(substitutes.substituteId, id), eq(users.id, substitutes.userId)),
      ),
    )
    .where(and(eq(substitutes.orgId, orgId), gt(substitutes.until, now)))
    .orderBy(asc(users.name), asc(users.id));
  const standIn = (other: string, { name, from, until }: (typeof rows)[number]): StandIn => ({
    id: other,
    name,
    from: from.toISOString(),
    until: until.toISOString(),
  });
  const own = rows.find((row) => row.for === id);
  return {
    substitute: own === undefined ? null : standIn(own.by, own),
    standsInFor: rows.filter((row) => row.by === id).map((row) => standIn(row.for, row)),
  };
}

// Who looks at an emergency afterwards. Never whoever took it.
import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import { tickets } from "./schema.ts";

/** A condition on tickets: it waits for a review, and this person may: he manages requests, or the person who took it, or owns one of the assets. */
export const mayReview = (actor: Pick<Actor, "id" | "permissions">) =>
  and(
    eq(tickets.origin, "emergency"),
    isNull(tickets.reviewedAt),
    sql`${tickets.requesterId} <> ${actor.id}`,
    actor.permissions.includes("tickets.manage")
      ? undefined
      : or(
          sql`(select manager_id from users r where r.id = ${tickets.requesterId}) = ${actor.id}`,
          sql`exists (select 1 from assets a where a.org_id = ${tickets.orgId} and a.owner_id = ${actor.id}
            and a.id in (select jsonb_array_elements_text(${tickets.asked}->'assetIds')))`,
        ),
  );

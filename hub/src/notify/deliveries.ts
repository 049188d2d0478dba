// The log of deliveries: what was told where, and what the other side said.
import { and, desc, eq, lt } from "drizzle-orm";
import { users } from "../identity/schema.ts";
import type { Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor } from "../platform/paging.ts";
import type { DeliveryRow } from "./schema.ts";
import { noticeChannels, noticeDeliveries, notices } from "./schema.ts";

type Filter = {
  cursor?: string | undefined;
  limit: number;
  channelId?: string | undefined;
  state?: DeliveryRow["state"] | undefined;
};

/** Newest first. */
export async function listDeliveries(db: Queryable, orgId: string, { cursor, limit, channelId, state }: Filter) {
  const filter = and(
    eq(noticeDeliveries.orgId, orgId),
    channelId === undefined ? undefined : eq(noticeDeliveries.channelId, channelId),
    state === undefined ? undefined : eq(noticeDeliveries.state, state),
  );
  const after = decodeCursor(cursor);
  const [rows, total] = await Promise.all([
    db
      .select({ delivery: noticeDeliveries, kind: notices.kind, channel: noticeChannels.name, person: users.name })
      .from(noticeDeliveries)
      .innerJoin(notices, eq(notices.id, noticeDeliveries.noticeId))
      .leftJoin(noticeChannels, eq(noticeChannels.id, noticeDeliveries.channelId))
      .leftJoin(users, eq(users.id, noticeDeliveries.userId))
      .where(and(filter, after === null ? undefined : lt(noticeDeliveries.id, after.id)))
      .orderBy(desc(noticeDeliveries.id))
      .limit(limit + 1),
    db.$count(noticeDeliveries, filter),
  ]);
  return { ...cutPage(rows, limit, ({ delivery }) => encodeCursor("", delivery.id)), total };
}

export type DeliveryLine = Awaited<ReturnType<typeof listDeliveries>>["rows"][number];

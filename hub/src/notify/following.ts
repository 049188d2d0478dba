// Who hears of one thing, such as a task: the channels it tells besides those that the organisation tells of all such things, and the people who have
// chosen for it alone. Whether somebody may see the thing says the room that it belongs to, before it calls this one.
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Actor } from "../identity/actor.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import type { ChannelKind, Following, NoticeKind, Route } from "./input.ts";
import { noticeChannels, noticeFollowers, noticeRoutes } from "./schema.ts";

export type NamedRoute = Route & { name: string };

/** Channels to choose from, by name: what they are called, not where they lead. */
export const channelNames = (
  db: Queryable,
  orgId: string,
): Promise<{ id: string; name: string; kind: ChannelKind; active: boolean }[]> =>
  db
    .select({ id: noticeChannels.id, name: noticeChannels.name, kind: noticeChannels.kind, active: noticeChannels.active })
    .from(noticeChannels)
    .where(eq(noticeChannels.orgId, orgId))
    .orderBy(asc(noticeChannels.name));

/** By the channels' names. */
export const routesOf = (db: Queryable, orgId: string, subjectId: string): Promise<NamedRoute[]> =>
  db
    .select({ channelId: noticeRoutes.channelId, kinds: noticeRoutes.kinds, name: noticeChannels.name })
    .from(noticeRoutes)
    .innerJoin(noticeChannels, eq(noticeChannels.id, noticeRoutes.channelId))
    .where(and(eq(noticeRoutes.orgId, orgId), eq(noticeRoutes.subjectId, subjectId)))
    .orderBy(asc(noticeChannels.name));

/** These and no others. @throws HubError `not-found` for a channel that the organisation does not have. */
export async function setRoutes(tx: Transaction, orgId: string, subjectId: string, routes: readonly Route[]): Promise<void> {
  const byChannel = new Map(routes.filter(({ kinds }) => kinds.length > 0).map((route) => [route.channelId, route.kinds]));
  const known = await tx
    .select({ id: noticeChannels.id })
    .from(noticeChannels)
    .where(and(eq(noticeChannels.orgId, orgId), inArray(noticeChannels.id, [...byChannel.keys()])));
  if (known.length !== byChannel.size) throw notFound("channel");
  await tx.delete(noticeRoutes).where(and(eq(noticeRoutes.orgId, orgId), eq(noticeRoutes.subjectId, subjectId)));
  if (byChannel.size === 0) return;
  await tx.insert(noticeRoutes).values([...byChannel].map(([channelId, kinds]) => ({ orgId, subjectId, channelId, kinds })));
}

const his = ({ id }: Pick<Actor, "id">, subjectId: string) =>
  and(eq(noticeFollowers.userId, id), eq(noticeFollowers.subjectId, subjectId));

/** What he has chosen for this one; null when he has not. */
export async function followingOf(db: Queryable, reader: Pick<Actor, "id">, subjectId: string): Promise<Following | null> {
  const [row] = await db
    .select({ kinds: noticeFollowers.kinds, inbox: noticeFollowers.inbox, mail: noticeFollowers.mail })
    .from(noticeFollowers)
    .where(his(reader, subjectId));
  return row ?? null;
}

/** Without kinds he hears nothing of it, even if it is his. @param following null: as of all such things again. */
export async function setFollowing(
  tx: Transaction,
  reader: Pick<Actor, "id" | "orgId">,
  subjectId: string,
  following: Following | null,
): Promise<void> {
  if (following === null) {
    await tx.delete(noticeFollowers).where(his(reader, subjectId));
    return;
  }
  await tx
    .insert(noticeFollowers)
    .values({ orgId: reader.orgId, subjectId, userId: reader.id, ...following })
    .onConflictDoUpdate({ target: [noticeFollowers.userId, noticeFollowers.subjectId], set: following });
}

/** Channels that this one tells of this kind. */
export const routedTo = (db: Queryable, orgId: string, subjectId: string, kind: NoticeKind) =>
  db
    .select({ id: noticeRoutes.channelId })
    .from(noticeRoutes)
    .where(and(eq(noticeRoutes.orgId, orgId), eq(noticeRoutes.subjectId, subjectId), sql`${kind} = any(${noticeRoutes.kinds})`));

// Telling people: the one door. What is told commits with what it tells of; deliver.ts takes it out of the hub after that.
import { newId } from "@sallyport/protocol/ids";
import { and, eq, inArray, or, sql } from "drizzle-orm";
import { inPieces, type Transaction } from "../platform/database.ts";
import { routedTo } from "./following.ts";
import { characters, clean, cutTo } from "./message.ts";
import { type Notice, noticeRules } from "./notices.ts";
import { recipientsOf } from "./recipients.ts";
import { noticeChannels, noticeDeliveries, noticeReaders, notices } from "./schema.ts";

/**
 * people: ids of those whom it concerns besides the kind's own audience; who is not of the organisation is left out.
 * about: id of what it happened to, where people and channels may be told of one such thing alone; see following.ts.
 * key: told once only while the notice is kept (see jobs.ts), also after a restart and by several hubs; without it, each time.
 */
export type NoticeEvent = Notice & {
  orgId: string;
  people?: readonly string[];
  about?: string | null;
  key?: string;
};

/** Rows of four columns a statement. */
const rowsAtOnce = 1_000;

/** @returns false when this key was told of before. */
export async function notify(tx: Transaction, event: NoticeEvent, now: Date): Promise<boolean> {
  const { orgId, kind, people = [], about = null, key = null } = event;
  const [recipients, told] = await Promise.all([
    recipientsOf(tx, orgId, kind, { people, about }, now),
    tx
      .select({ id: noticeChannels.id })
      .from(noticeChannels)
      .where(
        and(
          eq(noticeChannels.orgId, orgId),
          eq(noticeChannels.active, true),
          or(
            sql`${kind} = any(${noticeChannels.kinds})`,
            about === null ? undefined : inArray(noticeChannels.id, routedTo(tx, orgId, about, kind)),
          ),
        ),
      ),
  ]);
  // Of what is told only to those who asked for it nothing is kept when nobody has.
  const { inbox, mail } = noticeRules[kind];
  if (!inbox && !mail && recipients.length === 0 && told.length === 0) return true;
  const id = newId("ntc", now.getTime());
  const added = await tx
    .insert(notices)
    .values({ id, orgId, kind, data: tidy(event.data), at: now, key })
    .onConflictDoNothing({ target: [notices.orgId, notices.key] })
    .returning({ id: notices.id });
  if (added.length === 0) return false;
  const readers = recipients.filter(({ inbox }) => inbox).map(({ userId }) => ({ noticeId: id, userId, orgId }));
  for (const piece of inPieces(readers, rowsAtOnce)) await tx.insert(noticeReaders).values(piece);
  const waiting = { orgId, noticeId: id, state: "waiting" as const, attempts: 0, createdAt: now };
  const deliveries = [
    ...told.map((channel) => ({ channelId: channel.id, userId: null })),
    ...recipients.filter(({ mail }) => mail).map(({ userId }) => ({ channelId: null, userId })),
  ].map((target) => ({ id: newId("dlv", now.getTime()), ...waiting, ...target }));
  for (const piece of inPieces(deliveries, rowsAtOnce)) await tx.insert(noticeDeliveries).values(piece);
  return true;
}

/** A page of output says no more than its first words do. */
const textMax = 1_000;
const listMax = 50;

/** As it may be stored: one line a text, bounded lists. The shape stays. */
function tidy(data: Notice["data"]): Notice["data"] {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) => {
      if (typeof value === "string") return cutTo(clean(value), textMax, characters);
      return Array.isArray(value) ? value.slice(0, listMax) : value;
    }),
  );
}

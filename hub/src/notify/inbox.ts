// A person's inbox, and what he wants to hear of. Only ever his own.
import { and, count, desc, eq, inArray, isNull, lt } from "drizzle-orm";
import { changesOf } from "../audit/changes-of.ts";
import { recordAudit } from "../audit/record-audit.ts";
import { type Actor, auditActor, may } from "../identity/actor.ts";
import type { Database, Queryable } from "../platform/database.ts";
import { cutPage, decodeCursor, encodeCursor } from "../platform/paging.ts";
import { type NoticeKind, noticeKinds } from "./input.ts";
import { noticeRules } from "./notices.ts";
import { type NoticeRow, noticeReaders, noticeSubscriptions, notices } from "./schema.ts";

type Reader = Pick<Actor, "id" | "orgId">;
export type InboxRow = { notice: NoticeRow; readAt: Date | null };

const his = ({ id, orgId }: Reader) => and(eq(noticeReaders.userId, id), eq(noticeReaders.orgId, orgId));

/** Newest first. */
export async function listInbox(
  db: Queryable,
  reader: Reader,
  { cursor, limit, unread }: { cursor?: string | undefined; limit: number; unread?: boolean | undefined },
): Promise<{ rows: InboxRow[]; total: number; nextCursor: string | null }> {
  const filter = and(his(reader), unread === true ? isNull(noticeReaders.readAt) : undefined);
  const after = decodeCursor(cursor);
  const [rows, total] = await Promise.all([
    db
      .select({ notice: notices, readAt: noticeReaders.readAt })
      .from(noticeReaders)
      .innerJoin(notices, eq(notices.id, noticeReaders.noticeId))
      .where(and(filter, after === null ? undefined : lt(noticeReaders.noticeId, after.id)))
      .orderBy(desc(noticeReaders.noticeId))
      .limit(limit + 1),
    db.$count(noticeReaders, filter),
  ]);
  return { ...cutPage(rows, limit, ({ notice }) => encodeCursor("", notice.id)), total };
}

export async function countUnread(db: Queryable, reader: Reader): Promise<number> {
  const [row] = await db
    .select({ unread: count() })
    .from(noticeReaders)
    .where(and(his(reader), isNull(noticeReaders.readAt)));
  return row?.unread ?? 0;
}

/** Without ids: all. What is not his is left as it is, without a word. */
export async function markRead(db: Database, reader: Reader, ids: readonly string[] | null, now: Date): Promise<void> {
  if (ids?.length === 0) return;
  await db
    .update(noticeReaders)
    .set({ readAt: now })
    .where(and(his(reader), isNull(noticeReaders.readAt), ids === null ? undefined : inArray(noticeReaders.noticeId, [...ids])));
}

export type Subscription = { kind: NoticeKind; inbox: boolean; mail: boolean };

/** Of the kinds that can concern him, in their order: chosen, or as they are by themselves. */
export async function subscriptionsOf(db: Queryable, actor: Actor): Promise<Subscription[]> {
  const chosen = await db.select().from(noticeSubscriptions).where(eq(noticeSubscriptions.userId, actor.id));
  return noticeKinds
    .filter((kind) => {
      const { audience, alone, always } = noticeRules[kind];
      // What is for programs nobody is told of; what everybody is told of nobody chooses.
      return alone !== true && always !== true && (audience === null || may(actor, audience));
    })
    .map((kind) => {
      const { inbox, mail } = chosen.find((row) => row.kind === kind) ?? noticeRules[kind];
      return { kind, inbox, mail };
    });
}

export async function setSubscription(db: Database, actor: Actor, wanted: Subscription): Promise<void> {
  const { kind, inbox, mail } = wanted;
  await db.transaction(async (tx) => {
    const [row] = await tx
      .select()
      .from(noticeSubscriptions)
      .where(and(eq(noticeSubscriptions.userId, actor.id), eq(noticeSubscriptions.kind, kind)))
      .for("update");
    const before = row ?? noticeRules[kind];
    await tx
      .insert(noticeSubscriptions)
      .values({ userId: actor.id, kind, inbox, mail })
      .onConflictDoUpdate({ target: [noticeSubscriptions.userId, noticeSubscriptions.kind], set: { inbox, mail } });
    await recordAudit(tx, {
      kind: "person.notices-changed",
      orgId: actor.orgId,
      actor: auditActor(actor),
      subject: { kind: "person", id: actor.id, name: actor.name },
      ip: actor.ip,
      data: { notice: kind, ...changesOf(before, { inbox, mail }) },
    });
  });
}

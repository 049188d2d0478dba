// Queries over kept files. A private one is its owner's; nobody else learns that it is there.
import { and, asc, count, eq, gt, ilike, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import { type Actor, may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { HubError, notFound } from "../platform/errors.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { ListFiles } from "./input.ts";
import { type KeptFileRow, keptFiles } from "./schema.ts";

export type KeptFile = { file: KeptFileRow; owner: string };

/** As of scripts: files of the organisation are there for all who may run something with them, and for those who watch what is run. */
const visibleTo = (actor: Actor): SQL | undefined =>
  and(
    eq(keptFiles.orgId, actor.orgId),
    or(
      eq(keptFiles.ownerId, actor.id),
      may(actor, "run.start") || may(actor, "runs.read-all") ? eq(keptFiles.visibility, "organisation") : undefined,
    ),
  );

export const mayRemove = (actor: Actor, file: Pick<KeptFileRow, "ownerId" | "visibility">): boolean =>
  file.ownerId === actor.id ? may(actor, "run.start") : file.visibility === "organisation" && may(actor, "scripts.manage");

const withOwner = (db: Queryable) =>
  db.select({ file: keptFiles, owner: users.name }).from(keptFiles).innerJoin(users, eq(users.id, keptFiles.ownerId));

/** By name. */
export async function listFiles(
  db: Queryable,
  actor: Actor,
  input: ListFiles,
): Promise<{ rows: KeptFile[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    visibleTo(actor),
    // An upload is a matter of whoever makes it.
    input.ready ? eq(keptFiles.state, "ready") : or(eq(keptFiles.state, "ready"), eq(keptFiles.ownerId, actor.id)),
    input.mine ? eq(keptFiles.ownerId, actor.id) : undefined,
    pattern === null
      ? undefined
      : or(ilike(keptFiles.name, pattern), ilike(users.name, pattern), ilike(keptFiles.sha256, pattern)),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(keptFiles.name, cursor.sortKey), and(eq(keptFiles.name, cursor.sortKey), gt(keptFiles.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    withOwner(db)
      .where(and(filter, after))
      .orderBy(asc(keptFiles.name), asc(keptFiles.id))
      .limit(input.limit + 1),
    db.select({ total: count() }).from(keptFiles).innerJoin(users, eq(users.id, keptFiles.ownerId)).where(filter),
  ]);
  return { ...cutPage(rows, input.limit, ({ file }) => encodeCursor(file.name, file.id)), total: counted?.total ?? 0 };
}

/** @throws HubError `not-found`, also for another's private one. */
export async function findFile(db: Queryable, actor: Actor, id: string): Promise<KeptFile> {
  const [row] = await withOwner(db).where(and(visibleTo(actor), eq(keptFiles.id, id)));
  if (row === undefined) throw notFound("file");
  return row;
}

/** Those that can be used now, by id. @throws HubError `not-found` naming none, `conflict` for one that is still coming. */
export async function readyFiles(
  db: Queryable,
  actor: Actor,
  ids: string[],
): Promise<Map<string, KeptFileRow & { sha256: string }>> {
  const wanted = [...new Set(ids)];
  const rows =
    wanted.length === 0
      ? []
      : await db
          .select()
          .from(keptFiles)
          .where(and(visibleTo(actor), inArray(keptFiles.id, wanted)));
  if (rows.length < wanted.length) throw notFound("file");
  return new Map(
    rows.map((row) => {
      if (row.sha256 === null) throw new HubError("conflict", `The file ${row.name} is still being uploaded.`);
      return [row.id, { ...row, sha256: row.sha256 }];
    }),
  );
}

/** For a change to it; another change waits until this one is done. @throws HubError `not-found`. */
export async function lockFile(tx: Transaction, actor: Actor, id: string): Promise<KeptFileRow> {
  const [row] = await tx
    .select()
    .from(keptFiles)
    .where(and(visibleTo(actor), eq(keptFiles.id, id)))
    .for("update");
  if (row === undefined) throw notFound("file");
  return row;
}

/** What an organisation's files take, those that are still coming as if they were there. */
export async function bytesOf(db: Queryable, orgId: string): Promise<number> {
  const [row] = await db
    .select({ bytes: sql<string>`coalesce(sum(${keptFiles.sizeBytes}), 0)` })
    .from(keptFiles)
    .where(eq(keptFiles.orgId, orgId));
  return Number(row?.bytes ?? 0);
}

/** Uploads that nobody went on with. */
export const abandonedBefore = (db: Queryable, before: Date, limit: number): Promise<KeptFileRow[]> =>
  db
    .select()
    .from(keptFiles)
    .where(and(eq(keptFiles.state, "uploading"), lt(keptFiles.touchedAt, before)))
    .limit(limit);

/** Of these ids, those that have a row. */
export async function knownIds(db: Queryable, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.select({ id: keptFiles.id }).from(keptFiles).where(inArray(keptFiles.id, ids));
  return new Set(rows.map(({ id }) => id));
}

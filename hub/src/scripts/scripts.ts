// Queries over scripts and their versions. A private script is its owner's; nobody else learns that it is there.
import { and, asc, count, desc, eq, gt, ilike, isNotNull, isNull, or, type SQL } from "drizzle-orm";
import { type Actor, may } from "../identity/actor.ts";
import { users } from "../identity/schema.ts";
import type { Queryable, Transaction } from "../platform/database.ts";
import { notFound } from "../platform/errors.ts";
import { cutPage, decodeCursor, encodeCursor, likeOf } from "../platform/paging.ts";
import type { ListScripts } from "./input.ts";
import { type ScriptRow, type ScriptVersionRow, scripts, scriptVersions } from "./schema.ts";

export type ScriptWithVersion = { script: ScriptRow; version: ScriptVersionRow; owner: string };

/** Scripts of the organisation are there for all who may run some, and for those who watch what is run. */
const visibleTo = (actor: Actor): SQL | undefined =>
  and(
    eq(scripts.orgId, actor.orgId),
    or(
      eq(scripts.ownerId, actor.id),
      may(actor, "run.start") || may(actor, "runs.read-all") ? eq(scripts.visibility, "organisation") : undefined,
    ),
  );

export const mayChange = (actor: Actor, script: Pick<ScriptRow, "ownerId" | "visibility">): boolean =>
  script.ownerId === actor.id ? may(actor, "run.start") : script.visibility === "organisation" && may(actor, "scripts.manage");

const withLatest = (db: Queryable) =>
  db
    .select({ script: scripts, version: scriptVersions, owner: users.name })
    .from(scripts)
    .innerJoin(scriptVersions, and(eq(scriptVersions.scriptId, scripts.id), eq(scriptVersions.number, scripts.latest)))
    .innerJoin(users, eq(users.id, scripts.ownerId));

/** By name, with their newest versions. */
export async function listScripts(
  db: Queryable,
  actor: Actor,
  input: ListScripts,
): Promise<{ rows: ScriptWithVersion[]; total: number; nextCursor: string | null }> {
  const pattern = input.search ? likeOf(input.search) : null;
  const filter = and(
    visibleTo(actor),
    input.archived ? isNotNull(scripts.archivedAt) : isNull(scripts.archivedAt),
    input.interpreter === undefined ? undefined : eq(scriptVersions.interpreter, input.interpreter),
    input.mine ? eq(scripts.ownerId, actor.id) : undefined,
    pattern === null
      ? undefined
      : or(ilike(scripts.name, pattern), ilike(scripts.description, pattern), ilike(users.name, pattern)),
  );
  const cursor = decodeCursor(input.cursor);
  const after =
    cursor === null
      ? undefined
      : or(gt(scripts.name, cursor.sortKey), and(eq(scripts.name, cursor.sortKey), gt(scripts.id, cursor.id)));
  const [rows, [counted]] = await Promise.all([
    withLatest(db)
      .where(and(filter, after))
      .orderBy(asc(scripts.name), asc(scripts.id))
      .limit(input.limit + 1),
    db
      .select({ total: count() })
      .from(scripts)
      .innerJoin(scriptVersions, and(eq(scriptVersions.scriptId, scripts.id), eq(scriptVersions.number, scripts.latest)))
      .innerJoin(users, eq(users.id, scripts.ownerId))
      .where(filter),
  ]);
  return {
    ...cutPage(rows, input.limit, ({ script }) => encodeCursor(script.name, script.id)),
    total: counted?.total ?? 0,
  };
}

/** @throws HubError `not-found`, also for another's private script. */
export async function findScript(db: Queryable, actor: Actor, id: string): Promise<ScriptWithVersion> {
  const [row] = await withLatest(db).where(and(visibleTo(actor), eq(scripts.id, id)));
  if (row === undefined) throw notFound("script");
  return row;
}

/** The script for a change to it; another change waits until this one is done. @throws HubError `not-found`. */
export async function lockScript(tx: Transaction, actor: Actor, id: string): Promise<ScriptRow> {
  const [row] = await tx
    .select()
    .from(scripts)
    .where(and(visibleTo(actor), eq(scripts.id, id)))
    .for("update");
  if (row === undefined) throw notFound("script");
  return row;
}

/** @param number null for the newest. @throws HubError `not-found`. */
export async function findVersion(
  db: Queryable,
  actor: Actor,
  id: string,
  number: number | null,
): Promise<{ script: ScriptRow; version: ScriptVersionRow }> {
  const [row] = await db
    .select({ script: scripts, version: scriptVersions })
    .from(scripts)
    .innerJoin(scriptVersions, eq(scriptVersions.scriptId, scripts.id))
    .where(and(visibleTo(actor), eq(scripts.id, id), eq(scriptVersions.number, number ?? scripts.latest)));
  if (row === undefined) throw notFound("script");
  return row;
}

/** Newest first; the bodies are asked for one by one. At most 500: whoever has more looks for one by its number. */
export const versionsOf = (db: Queryable, scriptId: string) =>
  db
    .select({
      number: scriptVersions.number,
      hash: scriptVersions.hash,
      interpreter: scriptVersions.interpreter,
      note: scriptVersions.note,
      createdAt: scriptVersions.createdAt,
      author: { id: users.id, name: users.name },
    })
    .from(scriptVersions)
    .innerJoin(users, eq(users.id, scriptVersions.authorId))
    .where(eq(scriptVersions.scriptId, scriptId))
    .orderBy(desc(scriptVersions.number))
    .limit(500);
